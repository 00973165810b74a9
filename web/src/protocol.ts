// What the cloud and the key server send, as far as the web app reads it. The Rust crate
// `protocol` is the original of these types.

declare const sealed: unique symbol
/** A JWE in compact form. Its own type, so that it is never shown or mistaken for text. */
export type Sealed = string & { readonly [sealed]: true }

export interface Site {
  organization: string
  kmsUrl: string
  kmsHost: string
  issuer: string
  clientId: string
  notice?: string
}

export interface SealedPerson {
  encryptedEmailAddress: Sealed
  encryptedName: Sealed
}

export interface SealedParticipant extends SealedPerson {
  id: string
  type: string
  responseType: string
  participantType: string
}

export interface SealedMeeting {
  id: string
  seriesId: string
  start: string
  durationMinutes: number
  isRecurring: boolean
  isAllDay: boolean
  isDeleted: boolean
  meetingSensitivity: string
  responseType: string
  encryptionKeyUrl: string
  encryptedSubject: Sealed
  encryptedLocation?: Sealed
  encryptedNotes?: Sealed
  meetingJoinInfo?: { meetingJoinURL: Sealed; meetingJoinURI?: Sealed }
  encryptedOrganizer?: SealedPerson
  encryptedParticipants: SealedParticipant[]
  hc: {
    rev: number
    schema: number
    truncated?: string[]
    firstDay?: string
    notes?: string[]
    encryptedPasscode?: Sealed
    encryptedAlternatives?: Sealed
    encryptedExplanation?: Sealed
  }
}

export interface MeetingList {
  items: SealedMeeting[]
  hc: { position: string }
}

export type Change = { rev: number; id: string } & (
  | { kind: 'upsert'; meeting: SealedMeeting }
  | { kind: 'delete' }
)

export interface Changes {
  from: string
  to: string
  more: boolean
  changes: Change[]
}

export interface Envelope {
  id: string
  data: { eventType: string; calendarMeetingExternal?: unknown }
  hc?: { position: string }
}

export interface KeyAnswer {
  status: number
  key?: { uri: string; jwk: { kty: string; kid: string; k: string }; kcv: string }
}

export const routes = {
  site: '/.well-known/hybridcal',
  meetings: '/calendar/api/v1/calendarEvents',
  changes: '/calendar/api/v1/changes',
  events: '/calendar/api/v1/events',
  compositions: '/apheleia/api/v1/compositions',
  keys: '/kms/v1/messages',
} as const

/** Times a browser can write down in every zone. */
const EARLIEST_MS = Date.UTC(1900, 0)
export const LATEST_MS = Date.UTC(9998, 0)

/** Whether something from the network can be treated as a meeting without surprises. */
export function isMeeting(value: unknown): value is SealedMeeting {
  const meeting = value as SealedMeeting | null
  return (
    typeof meeting === 'object' &&
    meeting !== null &&
    typeof meeting.id === 'string' &&
    Date.parse(meeting.start) > EARLIEST_MS &&
    Date.parse(meeting.start) < LATEST_MS &&
    Number.isSafeInteger(meeting.durationMinutes) &&
    meeting.durationMinutes >= 0 &&
    typeof meeting.encryptionKeyUrl === 'string' &&
    Array.isArray(meeting.encryptedParticipants) &&
    meeting.encryptedParticipants.every((each) => typeof each === 'object' && each !== null) &&
    Number.isSafeInteger(meeting.hc?.rev) &&
    Number.isSafeInteger(meeting.hc?.schema)
  )
}
