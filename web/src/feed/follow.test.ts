// Following a list through what networks and servers do. Time is made up.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Changes, MeetingList, SealedMeeting } from '../protocol'
import { CloudFailure } from './cloud'
import { Follower } from './follow'

const meeting = (id: string) =>
  ({ id, start: '2026-11-24T10:00:00Z', durationMinutes: 30, encryptionKeyUrl: 'kms://k/keys/1', encryptedParticipants: [], hc: { rev: 1, schema: 1 } }) as unknown as SealedMeeting
const list = (position: string, ...ids: string[]): MeetingList => ({ items: ids.map(meeting), hc: { position } })
const message = (position: string, eventType: string, id: string) =>
  `id: ${position}\ndata: ${JSON.stringify({ id: 'e', data: { eventType, calendarMeetingExternal: meeting(id) }, hc: { position } })}\n\n`

/** A cloud that answers as told, and a diary of what happened. */
function scene() {
  const diary: string[] = []
  const streams: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>[] = []
  const answers = { list: list('1-1', 'a'), changes: undefined as Changes | undefined, refuse: undefined as CloudFailure | undefined }
  const cloud = {
    async list() {
      diary.push('list')
      return answers.list
    },
    async changes(since: string) {
      diary.push(`changes ${since}`)
      if (!answers.changes) throw new CloudFailure('resync')
      return answers.changes
    },
    async events(since: string, signal: AbortSignal) {
      diary.push(`events ${since}`)
      if (answers.refuse) throw answers.refuse
      return new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          streams.push(controller)
          signal.onabort = () => controller.error(new Error('aborted'))
        },
      })
    },
  }
  const listener = {
    listed: (meetings: SealedMeeting[]) => void diary.push(`listed ${meetings.map(({ id }) => id).join()}`),
    changed: (meetings: SealedMeeting[]) => void diary.push(`changed ${meetings.map(({ id }) => id).join()}`),
    connection: (state: string) => void diary.push(state),
    renewToken: async () => void diary.push('renew'),
    refused: (why: string) => void diary.push(`refused ${why}`),
  }
  const follower = new Follower(cloud, listener, () => ({ fromMs: 0, toMs: 1 }))
  const send = (text: string) => streams.at(-1)?.enqueue(new TextEncoder().encode(text))
  const end = () => streams.at(-1)?.close()
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
  /** What happened since the last call. */
  const since = async (ms = 0) => {
    await settle(ms)
    return diary.splice(0)
  }
  void follower.run()
  return { answers, follower, send, end, since }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a follower', () => {
  it('lists, goes live and applies what comes', async () => {
    const { send, since } = scene()
    expect(await since()).toEqual(['list', 'listed a', 'events 1-1', 'live'])
    send(message('1-2', 'calendar.meeting.create', 'b'))
    expect(await since()).toEqual(['changed b'])
  })

  it('catches up over a gap and goes on', async () => {
    const { answers, send, since } = scene()
    await since()
    answers.changes = { from: '1-1', to: '1-3', more: false, changes: [{ rev: 3, id: 'c', kind: 'upsert', meeting: meeting('c') }] }
    send(message('1-3', 'calendar.meeting.update', 'c'))
    expect(await since()).toEqual(['changes 1-1', 'changed c'])
    send(message('1-4', 'calendar.meeting.update', 'd'))
    expect(await since()).toEqual(['changed d'])
  })

  it('lists again when the changes are no longer kept', async () => {
    const { answers, send, since } = scene()
    await since()
    answers.list = list('1-9', 'z')
    send(message('1-5', 'calendar.meeting.update', 'c'))
    expect(await since(2_000)).toEqual(['changes 1-1', 'offline', 'list', 'listed z', 'events 1-9', 'live'])
  })

  it('connects again from its position when the stream ends', async () => {
    const { send, end, since } = scene()
    await since()
    send(message('1-2', 'calendar.meeting.create', 'b'))
    end()
    expect(await since(1_000)).toEqual(['changed b', 'connecting', 'events 1-2', 'live'])
  })

  it('takes long silence for a dead line, but not while pings come', async () => {
    const { send, since } = scene()
    await since()
    expect(await since(39_000)).toEqual([])
    send(': ping\n\n')
    expect(await since(39_000)).toEqual([])
    expect(await since(2_000)).toEqual(['connecting', 'events 1-1', 'live'])
  })

  it('renews a refused token, but not for ever', async () => {
    const { answers, since } = scene()
    answers.refuse = new CloudFailure('token')
    const happened = await since(60_000)
    expect(happened.filter((each) => each === 'renew')).toHaveLength(3)
    expect(happened.at(-1)).toBe('refused token')
  })

  it('stops where it is not permitted', async () => {
    const { answers, since } = scene()
    answers.refuse = new CloudFailure('not-permitted')
    expect((await since()).at(-1)).toBe('refused not-permitted')
    expect(await since(60_000)).toEqual([])
  })

  it('reads the list again when asked, and nothing more once stopped', async () => {
    const { follower, since } = scene()
    await since()
    follower.readAgain()
    expect(await since(1_000)).toEqual(['connecting', 'list', 'listed a', 'events 1-1', 'live'])
    follower.stop()
    expect(await since(60_000)).toEqual([])
  })
})
