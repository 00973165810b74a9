// Opens a whole meeting field by field: one that stays shut leaves the others usable.

import { LATEST_MS, type Sealed, type SealedMeeting } from '../protocol'
import { open, type Opened, type Shut } from './open'

/** Text format of the plain texts we can read. */
const SCHEMA = 1

export interface Person {
  name: Opened
  address: Opened
}

export interface Participant extends Person {
  id: string
  kind: string
  answer: string
  isOptional: boolean
}

/** A meeting as the screen shows it. */
export interface Meeting {
  id: string
  revision: number
  startMs: number
  endMs: number
  isAllDay: boolean
  firstDay?: string | undefined
  isRecurring: boolean
  isPrivate: boolean
  isDeleted: boolean
  hasLink: boolean
  answer: string
  subject: Opened
  location?: Opened
  agenda?: Opened
  link?: Opened
  /** What a room device dials. */
  dial?: Opened
  passcode?: Opened
  /** Other links, one per line. */
  alternatives?: Opened
  /** Why there is this Join button, or none, line by line. */
  explanation?: Opened
  organizer?: Person
  participants: Participant[]
  isTruncated: boolean
  notes: string[]
}

export interface Reader {
  organization: string
  user: string
}

/** Finds the key, or says why there is none. */
export type FindKey = (keyUrl: string) => Promise<CryptoKey | Shut>

export async function openMeeting(
  sealed: SealedMeeting,
  reader: Reader,
  highestRevision: number,
  findKey: FindKey,
): Promise<Meeting> {
  const key = await keyFor(sealed, highestRevision, findKey)
  const at = (field: string, compact: Sealed): Promise<Opened> => {
    if (typeof key === 'string') return Promise.resolve({ shut: key })
    return open(compact, key, {
      ...reader,
      meeting: sealed.id,
      field,
      revision: sealed.hc.rev,
      schema: sealed.hc.schema,
      keyUrl: sealed.encryptionKeyUrl,
    })
  }
  const [facts, texts] = [clearFacts(sealed), await openTexts(sealed, at)]
  return { ...facts, ...texts }
}

/** Whether at least one seal held: only then is the revision known to be the connector's. */
export function isAttested(meeting: Meeting): boolean {
  return 'text' in meeting.subject
}

async function keyFor(sealed: SealedMeeting, highestRevision: number, findKey: FindKey): Promise<CryptoKey | Shut> {
  if (sealed.hc.rev < highestRevision) return 'outdated'
  if (sealed.hc.schema !== SCHEMA) return 'newer-format'
  return findKey(sealed.encryptionKeyUrl)
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

function clearFacts(sealed: SealedMeeting) {
  const startMs = Date.parse(sealed.start)
  return {
    id: sealed.id,
    revision: sealed.hc.rev,
    startMs,
    endMs: Math.min(startMs + sealed.durationMinutes * 60_000, LATEST_MS),
    isAllDay: sealed.isAllDay,
    firstDay: DAY.test(sealed.hc.firstDay ?? '') ? sealed.hc.firstDay : undefined,
    isRecurring: sealed.isRecurring,
    isPrivate: ['PERSONAL', 'PRIVATE', 'CONFIDENTIAL'].includes(sealed.meetingSensitivity),
    isDeleted: sealed.isDeleted,
    hasLink: sealed.meetingJoinInfo !== undefined && sealed.meetingJoinInfo !== null,
    answer: sealed.responseType,
    isTruncated: Array.isArray(sealed.hc.truncated) && sealed.hc.truncated.length > 0,
    notes: Array.isArray(sealed.hc.notes) ? sealed.hc.notes : [],
  }
}

type At = (field: string, compact: Sealed) => Promise<Opened>

async function openTexts(sealed: SealedMeeting, at: At) {
  const { encryptedLocation, encryptedNotes, meetingJoinInfo, encryptedOrganizer } = sealed
  const { encryptedPasscode, encryptedAlternatives, encryptedExplanation } = sealed.hc
  const dialed = meetingJoinInfo?.meetingJoinURI
  const [more, subject, location, agenda, link, organizer, participants] = await Promise.all([
    Promise.all([
      dialed && at('meetingJoinInfo/meetingJoinURI', dialed),
      encryptedPasscode && at('hc/encryptedPasscode', encryptedPasscode),
      encryptedAlternatives && at('hc/encryptedAlternatives', encryptedAlternatives),
      encryptedExplanation && at('hc/encryptedExplanation', encryptedExplanation),
    ]),
    at('encryptedSubject', sealed.encryptedSubject),
    encryptedLocation && at('encryptedLocation', encryptedLocation),
    encryptedNotes && at('encryptedNotes', encryptedNotes),
    meetingJoinInfo && at('meetingJoinInfo/meetingJoinURL', meetingJoinInfo.meetingJoinURL),
    encryptedOrganizer && openPerson('encryptedOrganizer', encryptedOrganizer, at),
    Promise.all(sealed.encryptedParticipants.map((each) => openParticipant(each, at))),
  ])
  const [dial, passcode, alternatives, explanation] = more
  return {
    subject,
    participants,
    ...(dial && { dial }),
    ...(passcode && { passcode }),
    ...(alternatives && { alternatives }),
    ...(explanation && { explanation }),
    ...(location && { location }),
    ...(agenda && { agenda }),
    ...(link && { link }),
    ...(organizer && { organizer }),
  }
}

async function openParticipant(
  sealed: SealedMeeting['encryptedParticipants'][number],
  at: At,
): Promise<Participant> {
  const person = await openPerson(`encryptedParticipants/${sealed.id}`, sealed, at)
  return {
    id: sealed.id,
    kind: sealed.type,
    answer: sealed.responseType,
    isOptional: sealed.participantType === 'OPTIONAL',
    ...person,
  }
}

async function openPerson(
  path: string,
  sealed: { encryptedName: Sealed; encryptedEmailAddress: Sealed },
  at: At,
): Promise<Person> {
  const [name, address] = await Promise.all([
    at(`${path}/encryptedName`, sealed.encryptedName),
    at(`${path}/encryptedEmailAddress`, sealed.encryptedEmailAddress),
  ])
  return { name, address }
}
