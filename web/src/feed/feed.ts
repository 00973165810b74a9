// A person's list and how it changes. Pure: says what to do next, `follow` does it.

import { isMeeting, type Changes, type Envelope, type MeetingList, type SealedMeeting } from '../protocol'

export interface Position {
  incarnation: number
  rev: number
}

export function readPosition(text: string): Position | undefined {
  const parts = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(text)
  return parts ? { incarnation: Number(parts[1]), rev: Number(parts[2]) } : undefined
}

export function writePosition({ incarnation, rev }: Position): string {
  return `${incarnation}-${rev}`
}

/** What the caller must do after an event or a page of changes. */
export type Next = 'go-on' | 'catch-up' | 'list-again' | 'renew-token'

export interface Step {
  next: Next
  changed: SealedMeeting[]
  gone: string[]
}

const nothing = (next: Next): Step => ({ next, changed: [], gone: [] })

export class Feed {
  position: Position
  readonly meetings = new Map<string, SealedMeeting>()

  constructor(position: Position) {
    this.position = position
  }

  static fromList(list: MeetingList): Feed | undefined {
    const position = readPosition(list.hc?.position ?? '')
    if (!position || !Array.isArray(list.items)) return undefined
    const feed = new Feed(position)
    for (const meeting of list.items) feed.#upsert(meeting)
    return feed
  }

  /** One live event: the next in line is applied, an old one ignored, a gap asks for the changes. */
  onEvent(envelope: Envelope): Step {
    const { data, hc } = envelope
    if (data.eventType === 'hc.resync') return nothing('list-again')
    if (data.eventType === 'hc.reauth') return nothing('renew-token')
    const position = readPosition(hc?.position ?? '')
    if (!position) return nothing('go-on')
    if (position.incarnation !== this.position.incarnation) return nothing('list-again')
    if (position.rev <= this.position.rev) return nothing('go-on')
    if (position.rev > this.position.rev + 1) return nothing('catch-up')
    this.position = position
    return this.#applyEvent(data)
  }

  /** A page of changes; it covers everything up to `to`. */
  onChanges(page: Changes): Step {
    const to = readPosition(page.to)
    if (!to || to.incarnation !== this.position.incarnation) return nothing('list-again')
    if (to.rev < this.position.rev || (page.more && to.rev === this.position.rev)) return nothing('list-again')
    const step = nothing(page.more ? 'catch-up' : 'go-on')
    for (const change of page.changes) {
      if (change.kind === 'delete') this.#delete(change.id, step)
      else this.#upsert(change.meeting, step)
    }
    this.position = to
    return step
  }

  #applyEvent(data: Envelope['data']): Step {
    const step = nothing('go-on')
    const subject = data.calendarMeetingExternal
    switch (data.eventType) {
      case 'calendar.meeting.create':
      case 'calendar.meeting.update':
        this.#upsert(subject, step)
        break
      case 'calendar.meeting.delete':
        this.#delete((subject as { id?: unknown } | undefined)?.id, step)
        break
    }
    return step
  }

  #upsert(meeting: unknown, step?: Step) {
    if (!isMeeting(meeting)) return
    const known = this.meetings.get(meeting.id)
    if (known && known.hc.rev > meeting.hc.rev) return
    this.meetings.set(meeting.id, meeting)
    step?.changed.push(meeting)
  }

  #delete(id: unknown, step: Step) {
    if (typeof id !== 'string') return
    this.meetings.delete(id)
    step.gone.push(id)
  }
}
