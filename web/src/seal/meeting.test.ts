// Opening a meeting: one bad field costs one field, an old revision everything.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Sealed, SealedMeeting } from '../protocol'
import { encode } from './base64url'
import { isAttested, openMeeting } from './meeting'
import type { Shut } from './open'
import { header } from './place'
import { importKey, place } from './vector'

const reader = { organization: place.organization, user: place.user }
const REVISION = 7

async function seal(text: string, field: string): Promise<Sealed> {
  const first = await header({ ...place, field, revision: REVISION })
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const aad = new TextEncoder().encode(first)
  const algorithm = { name: 'AES-GCM', iv, additionalData: aad }
  const data = new Uint8Array(await crypto.subtle.encrypt(algorithm, await importKey('encrypt'), new TextEncoder().encode(text)))
  return [first, '', encode(iv), encode(data.subarray(0, -16)), encode(data.subarray(-16))].join('.') as Sealed
}

let sealed: SealedMeeting
beforeAll(async () => {
  const person = async (path: string, name: string) => ({
    encryptedName: await seal(name, `${path}/encryptedName`),
    encryptedEmailAddress: await seal(`${name}@example.com`, `${path}/encryptedEmailAddress`),
  })
  sealed = {
    id: place.meeting,
    seriesId: place.meeting,
    start: '2026-11-24T10:00:00Z',
    durationMinutes: 30,
    isRecurring: false,
    isAllDay: false,
    isDeleted: false,
    meetingSensitivity: 'NORMAL',
    responseType: 'ACCEPTED',
    encryptionKeyUrl: place.keyUrl,
    encryptedSubject: await seal('Plan', 'encryptedSubject'),
    encryptedLocation: await seal('Room 1', 'encryptedLocation'),
    meetingJoinInfo: { meetingJoinURL: await seal('https://meet.example.org/a', 'meetingJoinInfo/meetingJoinURL') },
    encryptedOrganizer: await person('encryptedOrganizer', 'ann'),
    encryptedParticipants: [
      { id: 'p1', type: 'PERSON', responseType: 'ACCEPTED', participantType: 'REQUIRED', ...(await person('encryptedParticipants/p1', 'ben')) },
      { id: 'p2', type: 'ROOM', responseType: 'ACCEPTED', participantType: 'OPTIONAL', ...(await person('encryptedParticipants/p2', 'hall')) },
    ],
    hc: { rev: REVISION, schema: 1 },
  }
})

const check = async (changes: Partial<SealedMeeting> = {}, highest = 0, key?: Shut) =>
  openMeeting({ ...sealed, ...changes }, reader, highest, async () => key ?? importKey('decrypt'))

describe('a sealed meeting', () => {
  it('opens field by field', async () => {
    const meeting = await check()
    expect(meeting).toMatchObject({
      subject: { text: 'Plan' },
      location: { text: 'Room 1' },
      link: { text: 'https://meet.example.org/a' },
      organizer: { name: { text: 'ann' }, address: { text: 'ann@example.com' } },
      participants: [{ name: { text: 'ben' }, isOptional: false }, { name: { text: 'hall' }, isOptional: true }],
      endMs: Date.parse('2026-11-24T10:30:00Z'),
    })
    expect(isAttested(meeting)).toBe(true)
  })

  it('opens what else helps to get in, and why there is a button', async () => {
    const join = 'meetingJoinInfo/meetingJoinURL'
    const meeting = await check({
      meetingJoinInfo: {
        meetingJoinURL: await seal('https://meet.example.org/a', join),
        meetingJoinURI: await seal('a@meet.example.org', 'meetingJoinInfo/meetingJoinURI'),
      },
      hc: {
        ...sealed.hc,
        encryptedPasscode: await seal('4711', 'hc/encryptedPasscode'),
        encryptedAlternatives: await seal('https://meet.example.org/b', 'hc/encryptedAlternatives'),
        encryptedExplanation: await seal('The place says @meet.', 'hc/encryptedExplanation'),
      },
    })
    expect(meeting).toMatchObject({
      dial: { text: 'a@meet.example.org' },
      passcode: { text: '4711' },
      alternatives: { text: 'https://meet.example.org/b' },
      explanation: { text: 'The place says @meet.' },
    })
  })

  it('stays usable when fields were exchanged', async () => {
    const meeting = await check({ encryptedLocation: sealed.encryptedSubject })
    expect(meeting.location).toEqual({ shut: 'tampered' })
    expect(meeting.subject).toEqual({ text: 'Plan' })
  })

  it('notices people whose names were exchanged', async () => {
    const [first, second] = sealed.encryptedParticipants
    if (!first || !second) throw new Error('two people')
    const meeting = await check({ encryptedParticipants: [{ ...first, encryptedName: second.encryptedName }, second] })
    expect(meeting.participants[0]?.name).toEqual({ shut: 'tampered' })
    expect(meeting.participants[0]?.address).toEqual({ text: 'ben@example.com' })
  })

  it('is refused below the highest revision seen, and accepted at it', async () => {
    expect((await check({}, REVISION + 1)).subject).toEqual({ shut: 'outdated' })
    expect((await check({}, REVISION)).subject).toEqual({ text: 'Plan' })
  })

  it('cannot claim another revision than it was sealed with', async () => {
    const meeting = await check({ hc: { rev: REVISION + 1, schema: 1 } })
    expect(meeting.subject).toEqual({ shut: 'tampered' })
    expect(isAttested(meeting)).toBe(false)
  })

  it('says why when there is no key, and keeps its times', async () => {
    const meeting = await check({}, 0, 'key-server-unreachable')
    expect(meeting.subject).toEqual({ shut: 'key-server-unreachable' })
    expect(meeting.startMs).toBe(Date.parse(sealed.start))
  })

  it('is not guessed at in a newer format', async () => {
    expect((await check({ hc: { rev: REVISION, schema: 2 } })).subject).toEqual({ shut: 'newer-format' })
  })
})
