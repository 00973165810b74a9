// An order: every text sealed, the whole signed. What is made here is sent again unchanged until its
// answer is there; the connector carries it out once.

import { encode } from '../seal/base64url'
import { signature, type Device } from './device'
import { seal } from './seal'

export type Kind = 'create' | 'change' | 'cancel' | 'accept' | 'tentative' | 'decline' | 'freeBusy' | 'rooms'

export interface Attendee {
  email: string
  type: 'REQUIRED' | 'OPTIONAL' | 'ROOM'
}

/** What the page asks for; of a change, what is named. */
export interface Wish {
  kind: Kind
  meetingId?: string
  subject?: string
  location?: string
  notes?: string
  /** RFC 3339 */
  start?: string
  end?: string
  attendees?: Attendee[]
  /** Whose time is asked for. */
  emails?: string[]
}

export interface CommandKey {
  url: string
  key: CryptoKey
}

/** A flattened JWS: the body of the request. */
export interface SignedOrder {
  protected: string
  payload: string
  signature: string
}

export interface Order {
  /** The header `Idempotency-Key`; for free time the member `requestId`. */
  idempotencyKey: string
  method: 'POST' | 'PATCH' | 'DELETE'
  /** Below `/calendar/api/v1/`. */
  path: string
  body: SignedOrder
}

export async function makeOrder(
  wish: Wish,
  organization: string,
  device: Device,
  { url, key }: CommandKey,
  sentAtMs: number,
  idempotencyKey: string = crypto.randomUUID(),
): Promise<Order> {
  const place = { organization, user: device.user, idempotencyKey, sentAtMs, keyUrl: url }
  const sealed: Record<string, string> = {}
  for (const [field, text] of texts(wish)) sealed[field] = await seal(text, key, { ...place, field })
  const statement = {
    organization,
    user: device.user,
    kind: wish.kind,
    ...(wish.meetingId === undefined ? {} : { meetingId: wish.meetingId }),
    idempotencyKey,
    sentAtMs,
    encryptionKeyUrl: url,
    sealed,
  }
  const protectedHeader = json({ alg: 'ES256', kid: device.id })
  const payload = json(statement)
  const signed = await signature(device, `${protectedHeader}.${payload}`)
  const body = { protected: protectedHeader, payload, signature: signed }
  return { idempotencyKey, ...target(wish), body }
}

function texts(wish: Wish): [string, string][] {
  const { subject, location, notes, start, end, attendees, emails } = wish
  const all: [string, string | undefined][] = [
    ['subject', subject],
    ['location', location],
    ['notes', notes],
    ['start', start],
    ['end', end],
    ['attendees', attendees && JSON.stringify(attendees)],
    ['emails', emails && JSON.stringify(emails)],
  ]
  return all.filter((entry): entry is [string, string] => entry[1] !== undefined)
}

function target({ kind, meetingId = '' }: Wish): Pick<Order, 'method' | 'path'> {
  const id = encode(new TextEncoder().encode(meetingId))
  switch (kind) {
    case 'create':
      return { method: 'POST', path: 'calendarEvents/sync' }
    case 'change':
      return { method: 'PATCH', path: `calendarEvents/${id}/sync` }
    case 'cancel':
      return { method: 'DELETE', path: `calendarEvents/${id}/sync` }
    case 'accept':
    case 'tentative':
    case 'decline':
      return { method: 'POST', path: `calendarEvents/${id}/respond` }
    case 'freeBusy':
      return { method: 'POST', path: 'freebusy' }
    case 'rooms':
      return { method: 'POST', path: 'rooms' }
  }
}

function json(value: unknown): string {
  return encode(new TextEncoder().encode(JSON.stringify(value)))
}
