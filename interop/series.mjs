// A series with @meet, made by exchangelib: one occurrence moved, one deleted, the clocks changed in
// between. What Exchange says of it, and what the terminal client lists.

import assert from 'node:assert/strict'
import { outlookOf } from './parts/outlook.mjs'
import { meetingsOf, startDemo } from './parts/program.mjs'
import { tell, until } from './parts/steps.mjs'
import { moment, offsetMinutes, plusDays, utc, wallClock } from './parts/times.mjs'

const SUBJECT = 'Interop series'
const TIME = '10:00'
const MOVED_TIME = '15:30'
/** How far the terminal client's list reaches, today included. */
const LISTED_DAYS = 31
const WEEKS_MIN = 6

const first = plusDays(wallClock(Date.now()).date, 2)
const weeks = weeksPastNextChange()
const moved = { index: 2, start: `${plusDays(first, 8)}T${MOVED_TIME}` }
const deleted = { index: 3 }

/** The series goes on for two weeks after the next change of the clocks. */
function weeksPastNextChange() {
  const winterOrSummer = offsetMinutes(moment(first, TIME))
  const isAfter = (week) => offsetMinutes(moment(plusDays(first, 7 * week), TIME)) !== winterOrSummer
  const after = Array.from({ length: 53 }, (_, week) => week).find(isAfter)
  return Math.max(after + 2, WEEKS_MIN)
}

/** Start of every occurrence, by the rules of the zone and nobody's program. */
function expected() {
  const starts = []
  for (let week = 0; week < weeks; week += 1) {
    if (week + 1 === deleted.index) continue
    const [date, time] = week + 1 === moved.index ? moved.start.split('T') : [plusDays(first, 7 * week), TIME]
    starts.push(moment(date, time))
  }
  return starts
}

function isListed(start) {
  return start < moment(plusDays(wallClock(Date.now()).date, LISTED_DAYS), '00:00')
}

await tell('interop: series', async (step, atEnd) => {
  const program = await startDemo('--empty')
  atEnd(() => program.end())
  const [alice, bob] = ['alice', 'bob'].map((user) => outlookOf(program.ready, user))
  const starts = expected()
  const window = { subject: SUBJECT, start: `${plusDays(first, -2)}T00:00` }
  const entries = (outlook) => outlook('list', window)

  await step(`a weekly series of ${weeks} with @meet is made`, async () => {
    const master = await alice('create', {
      subject: SUBJECT, start: `${first}T${TIME}`, minutes: 45, weekly: weeks,
      location: '@meet', html: '<p>What is next?</p>', invite: 'bob@example.com',
    })
    assert.equal(master.type, 'RecurringMaster')
  })
  const link = await step('the series gets its link, once', async () => {
    const master = await until('a link', () => alice('show', { subject: SUBJECT }), ({ location, blocks }) => {
      return /https:\/\//.test(location) && blocks === 1
    })
    return linkIn(master.location)
  })
  await step('one occurrence is moved, another deleted', async () => {
    const entry = await alice('move-occurrence', { subject: SUBJECT, ...moved })
    assert.equal(entry.type, 'Exception')
    await alice('delete-occurrence', { subject: SUBJECT, ...deleted })
  })
  const all = starts.map(utc)
  await step('the organizer sees it by the wall clock, over the change of the clocks', async () => {
    const seen = await entries(alice)
    assert.deepEqual(seen.map(({ start }) => start), all)
    assert.equal(new Set(all.map((start) => start.slice(11))).size, 3)
    assert.deepEqual(kinds(seen), { Occurrence: weeks - 2, Exception: 1 })
  })
  await step('so does the invited person, with the same link', async () => {
    const seen = await until('the same', () => entries(bob), (list) => {
      assert.deepEqual(list.map(({ start }) => start), all)
      assert.deepEqual([...new Set(list.map(({ location }) => linkIn(location ?? '')))], [link])
      return true
    })
    assert.ok(seen.every(({ blocks }) => blocks === 1))
  })
  const listed = starts.filter(isListed).map(utc)
  for (const user of ['alice', 'bob']) {
    await step(`the terminal lists ${listed.length} of them for ${user}, each with the link`, async () => {
      const ours = async () => (await meetingsOf(program, user)).filter(({ subject }) => subject === SUBJECT)
      const seen = await until('the occurrences', ours, (list) => {
        assert.deepEqual(list.map(({ start }) => start), listed)
        assert.deepEqual([...new Set(list.map(({ joinUrl }) => joinUrl))], [link])
        return true
      })
      assert.equal(new Set(seen.map(({ id }) => id)).size, listed.length, 'an id for each')
      assert.ok(seen.every(({ isRecurring, cannotOpen }) => isRecurring && Object.keys(cannotOpen).length === 0))
      const lengths = seen.map(({ start, end }) => (Date.parse(end) - Date.parse(start)) / 60_000)
      assert.deepEqual([...new Set(lengths)], [45])
    })
  }
  await step('the cancelled series leaves both lists', async () => {
    await alice('cancel', { subject: SUBJECT })
    for (const user of ['alice', 'bob']) {
      const subjects = async () => (await meetingsOf(program, user)).map(({ subject }) => subject)
      await until('an empty list', subjects, (list) => !list.some((subject) => subject.includes(SUBJECT)))
    }
  })
  await step('the program ends when told', async () => assert.equal(await program.end(), 0))
  await step('its log holds neither subject nor link', async () => {
    assert.ok(!program.log.includes(SUBJECT) && !program.log.includes(link), program.log.slice(-1000))
  })
})

function linkIn(location) {
  return location.match(/https:\/\/\S+/)?.[0].replace(/[;,]$/, '')
}

function kinds(entries) {
  const count = {}
  for (const { type } of entries) count[type] = (count[type] ?? 0) + 1
  return count
}
