// A real call: @meet in an invitation becomes a room on Debian's Janus, and people meet behind its link.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCallBrowser, openPage, photographer } from './parts/browser.mjs'
import { startJanus } from './parts/janus.mjs'
import { outlookOf } from './parts/outlook.mjs'
import { meetingsOf, startBareDemo, startDemo } from './parts/program.mjs'
import { joinRoom, lookAround, notice, seesMoving } from './parts/room.mjs'
import { tell, until } from './parts/steps.mjs'
import { MINUTE_MS, utc } from './parts/times.mjs'

const SUBJECT = 'Interop call'
const [ALICE, BOB, CAROL] = ['Alice Adams', 'Bob Brown', 'Carol Clark']
/** An entry that is gone might only have moved: the connector waits two minutes before it ends a conference. */
const END_DEADLINE_MS = 200_000
const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + 193 * MINUTE_MS

await tell('janus', async (step, atEnd) => {
  await step('the demo starts a Janus of its own and leaves nothing behind', async () => {
    const before = demoFolders()
    const bare = await startBareDemo()
    atEnd(() => bare.end())
    assert.match(bare.ready.roomsUrl, /^http:\/\/127\.0\.0\.1:\d+\/$/)
    assert.equal(demoFolders().length, before.length + 1)
    assert.equal(await bare.end(), 0)
    assert.deepEqual(demoFolders(), before)
  })

  const secrets = { adminKey: crypto.randomUUID(), apiSecret: crypto.randomUUID() }
  const janus = await startJanus(secrets)
  atEnd(() => janus.end())
  const folder = secretFiles(secrets)
  atEnd(() => rmSync(folder, { recursive: true }))
  const program = await startDemo('--janus', janus.url, '--janus-secrets', folder)
  atEnd(() => program.end())
  const [alice, bob] = ['alice', 'bob'].map((user) => outlookOf(program.ready, user))
  const subject = { subject: SUBJECT }

  await step('Janus answers nobody who does not know its secret', async () => {
    const body = JSON.stringify({ janus: 'create', transaction: 't' })
    const answer = await (await fetch(janus.url, { method: 'POST', body })).json()
    assert.deepEqual([answer.janus, answer.error.code], ['error', 403])
  })
  const link = await step('an invitation with @meet gets the link of a room that Janus has', async () => {
    await alice('create', { ...subject, start: utc(start), location: 'Kitchen; @meet', body: 'Hello', invite: 'bob@example.com' })
    const entry = await until('a link', () => alice('show', subject), ({ location }) => / http:/.test(location))
    const found = entry.location.split('; ')[2]
    assert.ok(found.startsWith(`${program.ready.roomsUrl}room/`) && entry.body.includes(found))
    assert.equal((await janus.ask({ request: 'exists', room: parts(found).room })).exists, true)
    return found
  })
  const { room, pin } = parts(link)
  await step('the room is hidden, and neither found nor entered without its pin', async () => {
    const { list } = await janus.ask({ request: 'list' })
    assert.deepEqual(list, [])
    const { error_code: code } = await janus.ask({ request: 'join', ptype: 'publisher', room, pin: 'x' })
    assert.equal(code, 433)
    const knock = (body) => fetch(`${program.ready.roomsUrl}door`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    })
    assert.deepEqual([(await knock({ room, pin: 'x' })).status, (await knock({ room, pin })).status], [403, 200])
  })
  await step('the invited person has it, in the calendar and in the terminal', async () => {
    await until('a link', () => bob('show', subject), ({ location, body }) => location?.includes(link) && body.includes(pin))
    const listed = async () => (await meetingsOf(program, 'bob')).filter((each) => each.subject === SUBJECT)
    await until('the link in the list', listed, ([entry]) => entry?.joinUrl === link)
  })

  const browser = await openCallBrowser()
  atEnd(() => browser.close())
  const people = await Promise.all(['en-GB', 'de-DE', 'en-GB'].map((locale) => openPage(browser, locale)))
  const [atAlice, atBob, atCarol] = people.map(({ page }) => page)
  const complaints = () => people.flatMap((person) => [...person.complaints, ...person.strangers])

  await step('two people meet: each sees and hears the other', async () => {
    await atAlice.goto(link)
    await until('her own picture', () => atAlice.getByTestId('preview').evaluate((video) => video.videoWidth), (width) => width > 0)
    await photographer(atAlice)('room-lobby')
    await joinRoom(atAlice, link, ALICE)
    assert.equal((await lookAround(atAlice)).others.length, 0)
    await photographer(atAlice)('room-alone')
    await joinRoom(atBob, link, BOB)
    await Promise.all([seesMoving(atAlice, [BOB]), seesMoving(atBob, [ALICE])])
    assert.equal(await atAlice.locator('h1').innerText(), SUBJECT)
    await photographer(atAlice)('room-two')
  })
  await step('a camera that goes off is told to the others, and its picture comes back', async () => {
    const bobs = async () => (await lookAround(atAlice)).others[0]
    await atBob.getByTestId('camera').click()
    await atBob.getByTestId('microphone').click()
    await until('both off', bobs, ({ camera, microphone }) => camera === 'off' && microphone === 'off')
    await photographer(atAlice)('room-off')
    await atBob.getByTestId('camera').click()
    await atBob.getByTestId('microphone').click()
    await until('both on', bobs, ({ camera, microphone }) => camera === 'on' && microphone === 'on')
    await seesMoving(atAlice, [BOB])
  })
  await step('a third one, whose link has lost its end, types the passcode', async () => {
    const cut = link.split('#')[0]
    await atCarol.goto(cut)
    await atCarol.getByTestId('name').fill(CAROL)
    await atCarol.getByTestId('pin').fill('wrong')
    await atCarol.getByTestId('join').click()
    assert.equal(await notice(atCarol), 'This link does not work')
    await photographer(atCarol)('room-wrong-link')
    await joinRoom(atCarol, cut, CAROL, pin.toUpperCase())
    await Promise.all([
      seesMoving(atCarol, [ALICE, BOB]), seesMoving(atAlice, [BOB, CAROL]), seesMoving(atBob, [ALICE, CAROL]),
    ])
    await photographer(atBob)('room-three')
  })
  await step('who closes the window is gone for the others', async () => {
    await atCarol.close()
    await seesMoving(atAlice, [BOB])
    await seesMoving(atBob, [ALICE])
  })
  await step('the pages had nothing to complain about but the wrong passcode, and asked nobody else', () => {
    assert.deepEqual(complaints().filter((text) => !text.includes('403')), [])
  })
  await step('who leaves can come back', async () => {
    await atBob.getByTestId('leave').click()
    assert.equal(await notice(atBob), 'Sie haben die Besprechung verlassen')
    await until('nobody else', () => lookAround(atAlice), ({ others }) => others.length === 0)
    await atBob.getByTestId('again').click()
    await atBob.getByTestId('join').click()
    await Promise.all([seesMoving(atAlice, [BOB]), seesMoving(atBob, [ALICE])])
  })
  await step('after a restart of Janus, which loses all rooms, they meet again by themselves', async () => {
    await janus.stop()
    await janus.start()
    await Promise.all([seesMoving(atAlice, [BOB]), seesMoving(atBob, [ALICE])])
    assert.equal((await janus.ask({ request: 'exists', room })).exists, true)
  })
  await step('a meeting that is called off takes its room with it, and everybody out', async () => {
    await alice('cancel', subject)
    await until('no room', () => janus.ask({ request: 'exists', room }), ({ exists }) => exists === false, END_DEADLINE_MS)
    assert.deepEqual([await notice(atAlice), await notice(atBob)], ['This meeting is over', 'Diese Besprechung ist vorbei'])
  })
  await step('the program ends when told, and its log tells no content', async () => {
    assert.equal(await program.end(), 0)
    for (const content of [SUBJECT, room, pin, ALICE, ...Object.values(secrets)]) assert.ok(!program.log.includes(content))
  })
})

function parts(link) {
  const { pathname, hash } = new URL(link)
  return { room: pathname.split('/')[2], pin: hash.slice(1) }
}

function secretFiles({ adminKey, apiSecret }) {
  const folder = mkdtempSync(join(tmpdir(), 'hybridcal-secrets-'))
  writeFileSync(join(folder, 'admin.key'), adminKey)
  writeFileSync(join(folder, 'api.secret'), apiSecret)
  return folder
}

function demoFolders() {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('hybridcal-demo-')).sort()
}
