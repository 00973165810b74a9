// The whole way: a person writes @meet into an invitation, and the other one joins from a browser.

import assert from 'node:assert/strict'
import { openBrowser, photographer, signIn } from './parts/browser.mjs'
import { outlookOf } from './parts/outlook.mjs'
import { meetingsOf, startDemo } from './parts/program.mjs'
import { tell, until } from './parts/steps.mjs'
import { DAY_MS, MINUTE_MS, utc, wallClock } from './parts/times.mjs'

const SUBJECT = 'Interop coffee'
const WORDS = 'Please bring your own cup.'
const LENGTH_MINUTES = 25
const REPLY = 'Interop hammock'
/** A round of mail tips, and how often the page looks. */
const AWAY_DEADLINE_MS = 75_000
const LEAD_MS = 5 * MINUTE_MS

// Three hours ahead, at a minute that no other meeting has.
const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + 187 * MINUTE_MS
const end = start + LENGTH_MINUTES * MINUTE_MS
const laterStart = start + DAY_MS + 11 * MINUTE_MS
/** With or without the first zero, as the browser likes it. */
const clock = (ms) => wallClock(ms).time.replace(/^0/, '')

await tell('browser', async (step, atEnd) => {
  const program = await startDemo()
  atEnd(() => program.end())
  const { ready } = program
  const [alice, bob] = ['alice', 'bob'].map((user) => outlookOf(ready, user))
  const subject = { subject: SUBJECT }
  const listedFor = async (user) => (await meetingsOf(program, user)).filter((each) => each.subject === SUBJECT)

  const link = await step('an invitation with @meet gets its link, in one block', async () => {
    await alice('create', {
      ...subject, start: utc(start), minutes: LENGTH_MINUTES, location: 'Kitchen; @meet',
      html: `<html><body><p>${WORDS}</p></body></html>`, invite: 'bob@example.com',
    })
    const entry = await until('a link', () => alice('show', subject), ({ location }) => /https:\/\//.test(location))
    return checkInvitation(entry)
  })
  await step('the invited person has the same link', async () => {
    const entry = await until('a link', () => bob('show', subject), ({ location }) => location?.includes(link))
    assert.equal(checkInvitation(entry), link)
    assert.deepEqual([entry.isOrganizer, entry.start], [false, utc(start)])
  })
  const id = await step('the terminal lists it with its link', async () => {
    const [entry] = await until('the meeting', () => listedFor('bob'), (list) => list.length === 1 && list[0].joinUrl)
    assert.deepEqual([entry.joinUrl, entry.start, entry.end], [link, utc(start), utc(end)])
    assert.deepEqual([entry.organizer.address, entry.cannotOpen], ['alice@example.com', {}])
    assert.match(entry.agenda, new RegExp(WORDS))
    assert.equal(entry.button.appearsAt, utc(start - LEAD_MS))
    return entry.id
  })

  const { browser, page, complaints, strangers } = await openBrowser()
  atEnd(() => browser.close())
  const look = photographer(page)
  const row = page.locator(`[data-testid=meeting][data-meeting-id="${id}"]`)
  const banner = page.locator(`[data-testid=banner][data-meeting-id="${id}"]`)

  await step('a person signs in and sees it', async () => {
    await page.clock.install()
    await signIn(page, ready, 'bob', look)
    await row.waitFor()
    const text = await row.innerText()
    for (const part of [SUBJECT, 'Kitchen', 'Alice Adams', clock(start), clock(end)]) {
      assert.ok(text.includes(part), `${part} in ${text}`)
    }
    assert.equal(await banner.count(), 0)
    await look('agenda')
    await row.getByRole('button').first().click()
    await page.getByText(WORDS).waitFor()
    await row.getByText('Why this Join button?').click()
    await row.getByText('The place says @meet').waitFor()
    await look('details')
  })
  await step('automatic replies of the organizer show within a minute, without their text', async () => {
    await alice('away', { subject: REPLY, days: 3 })
    const away = row.getByTestId('away')
    await away.waitFor({ timeout: AWAY_DEADLINE_MS })
    assert.match(await away.innerText(), /^Away until \w+/)
    assert.ok(!(await page.content()).includes(REPLY))
    await look('away')
    await alice('away', { subject: REPLY, days: 0 })
    await away.waitFor({ state: 'detached', timeout: AWAY_DEADLINE_MS })
    await row.getByRole('button').first().click()
  })
  await step('the Join button is not there a moment before its time', async () => {
    await page.clock.pauseAt(start - LEAD_MS - 1_000)
    assert.equal(await banner.count(), 0)
    await page.clock.runFor(999)
    assert.equal(await banner.count(), 0)
  })
  await step('it appears five minutes before the start, with the link', async () => {
    await page.clock.runFor(1)
    const button = banner.getByTestId('banner-join')
    assert.equal(await button.getAttribute('href', { timeout: 2_000 }), link)
    assert.equal(await row.getByTestId('join').getAttribute('href'), link)
    assert.deepEqual([await button.getAttribute('target'), await button.getAttribute('rel')], ['_blank', 'noopener noreferrer'])
    await look('banner')
  })
  await step('it stays until the end, and is gone then', async () => {
    await page.clock.pauseAt(end - 1)
    assert.equal(await banner.count(), 1)
    await look('running')
    await page.clock.runFor(1)
    assert.equal(await banner.count(), 0)
    assert.equal(await row.getByTestId('join').count(), 0)
  })
  await page.clock.resume()
  await step('a moved meeting moves on the screen, without a reload', async () => {
    await page.evaluate(() => (window.isSameDocument = true))
    await alice('move', { ...subject, start: utc(laterStart) })
    await row.filter({ hasText: clock(laterStart) }).waitFor()
    const entry = await until('the moved copy', () => bob('show', subject), (copy) => copy.start === utc(laterStart))
    assert.equal(checkInvitation(entry), link, 'the same link')
  })
  await step('a cancelled one goes from the screen and from the terminal', async () => {
    await alice('cancel', subject)
    await row.waitFor({ state: 'detached' })
    await until('no such meeting', () => listedFor('bob'), (list) => list.length === 0)
    assert.ok(await page.evaluate(() => window.isSameDocument), 'the page was not loaded again')
  })
  await step('signing out leaves nothing on the screen', async () => {
    await page.getByTestId('sign-out').click()
    await page.getByTestId('sign-in').waitFor()
    assert.equal(await page.getByTestId('meeting').count(), 0)
    await page.reload()
    await page.getByTestId('sign-in').waitFor()
  })
  await step('the browser had nothing to complain about, and asked nobody else', async () => {
    assert.deepEqual({ complaints, strangers }, { complaints: [], strangers: [] })
  })
  await step('the program ends when told, and its log tells no content', async () => {
    assert.equal(await program.end(), 0)
    for (const content of [SUBJECT, WORDS, link]) assert.ok(!program.log.includes(content))
  })

  function checkInvitation({ location, body, blocks }) {
    assert.match(location, /^Kitchen; @meet; https:\/\/\S+$/)
    assert.equal(blocks, 1)
    const [, , found] = location.split('; ')
    assert.ok(body.includes(found), 'the link is in the text, too')
    assert.ok(body.includes(WORDS), 'what was there is still there')
    return found
  }
})
