// Time on the screen: when the button shows, when to look again, which day a meeting is on.

import { describe, expect, it } from 'vitest'
import { nextTick } from './clock'
import { dayOf, groupByDay, plusDays, startOf, type Dated } from './days'
import { isJoinShown, joinLink } from './join'

const at = (text: string) => Date.parse(text)
const BERLIN = 'Europe/Berlin'

describe('the Join button', () => {
  const meeting = { startMs: at('2026-11-24T10:00:00Z'), endMs: at('2026-11-24T10:30:00Z'), isDeleted: false, hasLink: true }

  it.each([
    ['2026-11-24T09:54:59.999Z', false],
    ['2026-11-24T09:55:00Z', true],
    ['2026-11-24T10:29:59.999Z', true],
    ['2026-11-24T10:30:00Z', false],
  ])('at %s: %s', (now, shown) => {
    expect(isJoinShown(meeting, at(now))).toBe(shown)
  })

  it('is absent if there is nothing to join', () => {
    const now = meeting.startMs
    expect(isJoinShown({ ...meeting, hasLink: false }, now)).toBe(false)
    expect(isJoinShown({ ...meeting, isDeleted: true }, now)).toBe(false)
  })

  it('opens web addresses only', () => {
    expect(joinLink('https://meet.example.org/a?b')).toEqual({ href: 'https://meet.example.org/a?b', host: 'meet.example.org' })
    expect(joinLink('https://mеet.example.org/')?.host).toMatch(/^xn--/)
    for (const odd of ['', 'http://meet.example.org/', 'javascript:alert(1)', 'https://a@b.example/', 'data:text/html,x', 'meet.example.org']) {
      expect(joinLink(odd, 'calendar.example.org')).toBeUndefined()
      expect(joinLink(odd, '127.0.0.1')).toBeUndefined()
    }
    expect(joinLink('http://127.0.0.1:9/room/x#y', 'localhost')?.host).toBe('127.0.0.1:9')
    expect(joinLink('http://127.0.0.1:9/room/x#y', 'calendar.example.org')).toBeUndefined()
    expect(joinLink('http://127.0.0.1.example.org/', '127.0.0.1')).toBeUndefined()
  })
})

it('the clock is looked at at the next minute or edge', () => {
  const now = at('2026-11-24T09:54:30Z')
  expect(nextTick(now, [])).toBe(at('2026-11-24T09:55:00Z'))
  expect(nextTick(now, [at('2026-11-24T09:54:45Z'), at('2026-11-24T09:54:10Z')])).toBe(at('2026-11-24T09:54:45Z'))
  expect(nextTick(at('2026-11-24T09:55:00Z'), [])).toBe(at('2026-11-24T09:56:00Z'))
})

describe('days', () => {
  const timed = (id: string, start: string, minutes = 60): Dated => ({ id, startMs: at(start), endMs: at(start) + minutes * 60_000, isAllDay: false })
  const allDay = (id: string, start: string, end: string): Dated => ({ id, startMs: at(start), endMs: at(end), isAllDay: true })
  const check = (meetings: Dated[], now: string, zone = BERLIN) =>
    groupByDay(meetings, at(now), zone).map(({ day, allDay, timed }) => [day, ...[...allDay, ...timed].map(({ id }) => id)].join(' '))

  it('are counted in the zone of the person, over the change of the clocks', () => {
    // 25 October 2026 has 25 hours in Berlin.
    const meetings = [timed('late', '2026-10-25T22:30:00Z'), timed('next', '2026-10-25T23:00:00Z'), timed('early', '2026-10-24T22:00:00Z')]
    expect(check(meetings, '2026-10-25T01:30:00Z')).toEqual(['2026-10-25 early late', '2026-10-26 next'])
    expect(plusDays('2026-10-25', 1)).toBe('2026-10-26')
    expect(startOf('2026-10-26', BERLIN) - startOf('2026-10-25', BERLIN)).toBe(25 * 3_600_000)
    expect(startOf('2026-03-30', BERLIN) - startOf('2026-03-29', BERLIN)).toBe(23 * 3_600_000)
  })

  it('begin late where midnight is skipped', () => {
    expect(new Date(startOf('2026-09-06', 'America/Santiago')).toISOString()).toBe('2026-09-06T04:00:00.000Z')
    expect(dayOf(startOf('2026-09-06', 'America/Santiago') - 1, 'America/Santiago')).toBe('2026-09-05')
  })

  it('show all-day meetings on each of their dates, whatever the organizer’s midnight is', () => {
    expect(check([allDay('fair', '2026-10-24T22:00:00Z', '2026-10-26T23:00:00Z')], '2026-10-24T10:00:00Z')).toEqual([
      '2026-10-24',
      '2026-10-25 fair',
      '2026-10-26 fair',
    ])
    expect(check([allDay('day', '2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z')], '2026-11-24T10:00:00Z', 'America/New_York')).toEqual(['2026-11-24 day'])
    expect(check([allDay('day', '2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z')], '2026-11-24T10:00:00Z', 'Asia/Tokyo')).toEqual(['2026-11-24 day'])
  })

  it('keep what is still going on since yesterday, and today’s past, but not yesterday', () => {
    const meetings = [timed('night', '2026-11-23T22:00:00Z', 180), timed('past', '2026-11-24T07:00:00Z'), timed('gone', '2026-11-23T10:00:00Z')]
    expect(check(meetings, '2026-11-24T09:00:00Z')).toEqual(['2026-11-24 night past'])
  })

  it('end after four weeks', () => {
    expect(check([timed('in', '2026-12-21T10:00:00Z'), timed('out', '2026-12-22T10:00:00Z')], '2026-11-24T09:00:00Z')).toEqual([
      '2026-11-24',
      '2026-12-21 in',
    ])
  })
})
