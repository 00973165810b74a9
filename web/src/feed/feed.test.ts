// The list and its changes: nothing lost, nothing twice, nothing older over newer.

import { describe, expect, it } from 'vitest'
import type { Changes, Envelope, SealedMeeting } from '../protocol'
import { Feed, readPosition, writePosition } from './feed'

const meeting = (id: string, rev = 1) =>
  ({ id, start: '2026-11-24T10:00:00Z', durationMinutes: 30, encryptionKeyUrl: 'kms://k/keys/1', encryptedParticipants: [], hc: { rev, schema: 1 } }) as unknown as SealedMeeting
const feed = () => {
  const read = Feed.fromList({ items: [meeting('a'), meeting('b')], hc: { position: '3-10' } })
  if (!read) throw new Error('a list')
  return read
}
const event = (position: string, eventType: string, calendarMeetingExternal?: unknown): Envelope => ({
  id: 'e',
  data: { eventType, calendarMeetingExternal },
  hc: { position },
})
const update = (position: string, of: SealedMeeting) => event(position, 'calendar.meeting.update', of)
const page = (to: string, changes: Changes['changes'], more = false): Changes => ({ from: '3-10', to, more, changes })

describe('an event', () => {
  it('next in line is applied', () => {
    const list = feed()
    expect(list.onEvent(update('3-11', meeting('c')))).toMatchObject({ next: 'go-on', changed: [{ id: 'c' }] })
    expect(list.onEvent(event('3-12', 'calendar.meeting.delete', { id: 'a' }))).toMatchObject({ gone: ['a'] })
    expect([...list.meetings.keys()]).toEqual(['b', 'c'])
    expect(writePosition(list.position)).toBe('3-12')
  })

  it('of the past is ignored', () => {
    const list = feed()
    expect(list.onEvent(update('3-10', meeting('c')))).toEqual({ next: 'go-on', changed: [], gone: [] })
    expect(list.meetings.has('c')).toBe(false)
  })

  it('behind a gap is not applied but caught up with', () => {
    const list = feed()
    expect(list.onEvent(update('3-12', meeting('c'))).next).toBe('catch-up')
    expect(writePosition(list.position)).toBe('3-10')
  })

  it('of another incarnation, or asking for it, means reading the list again', () => {
    expect(feed().onEvent(update('4-11', meeting('c'))).next).toBe('list-again')
    expect(feed().onEvent(event('3-99', 'hc.resync')).next).toBe('list-again')
  })

  it('may ask for a new token', () => {
    expect(feed().onEvent({ id: 'e', data: { eventType: 'hc.reauth' } }).next).toBe('renew-token')
  })

  it('of an unknown kind moves the position and nothing else', () => {
    const list = feed()
    expect(list.onEvent(event('3-11', 'calendar.something'))).toEqual({ next: 'go-on', changed: [], gone: [] })
    expect(writePosition(list.position)).toBe('3-11')
  })

  it('without a position moves nothing', () => {
    const list = feed()
    expect(list.onEvent({ id: 'e', data: { eventType: 'hc.join_button' } }).next).toBe('go-on')
    expect(writePosition(list.position)).toBe('3-10')
  })

  it('with older content does not replace newer', () => {
    const list = feed()
    list.onEvent(update('3-11', meeting('a', 5)))
    expect(list.onEvent(update('3-12', meeting('a', 4))).changed).toEqual([])
    expect(list.meetings.get('a')?.hc.rev).toBe(5)
  })

  it('that is no meeting does no harm', () => {
    const list = feed()
    expect(list.onEvent(event('3-11', 'calendar.meeting.update', { id: 5 })).changed).toEqual([])
    expect(list.onEvent(event('3-12', 'calendar.meeting.delete')).gone).toEqual([])
  })
})

describe('a page of changes', () => {
  it('covers everything up to its end', () => {
    const list = feed()
    const step = list.onChanges(page('3-14', [{ rev: 12, id: 'c', kind: 'upsert', meeting: meeting('c') }, { rev: 14, id: 'b', kind: 'delete' }]))
    expect(step).toMatchObject({ next: 'go-on', changed: [{ id: 'c' }], gone: ['b'] })
    expect(writePosition(list.position)).toBe('3-14')
  })

  it('may not be the last, but must lead further', () => {
    expect(feed().onChanges(page('3-12', [], true)).next).toBe('catch-up')
    expect(feed().onChanges(page('3-10', [], true)).next).toBe('list-again')
    expect(feed().onChanges(page('2-12', [])).next).toBe('list-again')
  })
})

it('a position is two numbers', () => {
  expect(readPosition('3-4711')).toEqual({ incarnation: 3, rev: 4711 })
  for (const odd of ['', '3', '3-', '-3-1', '3-+1', '3-1-1', 'a-b']) expect(readPosition(odd)).toBeUndefined()
})
