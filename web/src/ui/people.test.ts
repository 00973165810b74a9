// Who is counted and listed, and with which answer.

import { describe, expect, it } from 'vitest'
import type { Meeting, Participant, Person } from '../seal/meeting'
import { inviterOf, peopleOf, roomsOf } from './people'

const ANN = 'ann@example.com'
const BOB = 'bob@example.com'
const CARL = 'carl@example.com'

const person = (address: string): Person => ({ name: { text: address.split('@')[0] ?? '' }, address: { text: address } })
const invited = (address: string, answer: string, kind = 'PERSON'): Participant => ({
  id: address,
  kind,
  answer,
  isOptional: false,
  ...person(address),
})

function meeting(organizer: string | undefined, participants: Participant[], answer = 'ACCEPTED'): Meeting {
  const facts = { isAllDay: false, isRecurring: false, isPrivate: false, isDeleted: false, hasLink: false, isTruncated: false }
  const texts = { subject: { text: 'Coffee' }, ...(organizer && { organizer: person(organizer) }) }
  return { id: 'm', revision: 1, startMs: 0, endMs: 1, notes: [], ...facts, ...texts, answer, participants }
}
const listed = (entry: Meeting, own: string) =>
  peopleOf(entry, own).map(({ address, answer }) => ['text' in address ? address.text : '', answer])

describe('people', () => {
  it('begin with the organizer, who is not among the participants', () => {
    const entry = meeting(ANN, [invited(BOB, 'ACCEPTED')], 'ORGANIZER')
    expect(listed(entry, ANN)).toEqual([[ANN, 'ORGANIZER'], [BOB, 'ACCEPTED']])
  })

  it('have the organizer once, also if invited, however the address is written', () => {
    const entry = meeting('Ann@Example.com', [invited(BOB, 'ACCEPTED'), invited(ANN, 'NO_RESPONSE')])
    expect(listed(entry, BOB)).toEqual([['Ann@Example.com', 'ORGANIZER'], [BOB, 'ACCEPTED']])
    const unnamed = meeting(undefined, [invited(BOB, 'ACCEPTED'), invited(ANN, 'ORGANIZER')])
    expect(listed(unnamed, BOB)).toEqual([[ANN, 'ORGANIZER'], [BOB, 'ACCEPTED']])
  })

  it('have the answer that the chip has, if it is one’s own', () => {
    const entry = meeting(ANN, [invited(BOB, 'UNKNOWN_RESPONSE'), invited(CARL, 'UNKNOWN_RESPONSE')], 'NO_RESPONSE')
    expect(listed(entry, 'BOB@example.com').slice(1)).toEqual([[BOB, 'NO_RESPONSE'], [CARL, 'UNKNOWN_RESPONSE']])
  })

  it('have not answered yet, if their organizer has not been told', () => {
    const entry = meeting(ANN, [invited(BOB, 'UNKNOWN_RESPONSE'), invited(CARL, 'DECLINED')], 'ORGANIZER')
    expect(listed(entry, ANN).slice(1)).toEqual([[BOB, 'NO_RESPONSE'], [CARL, 'DECLINED']])
  })

  it('are nobody where a person is alone, with or without a room', () => {
    const alone = meeting(ANN, [], 'ORGANIZER')
    expect([peopleOf(alone, ANN), inviterOf(alone, ANN)]).toEqual([[], undefined])
    const inRoom = meeting(ANN, [invited('room@example.com', 'ACCEPTED', 'ROOM')], 'ORGANIZER')
    expect([peopleOf(inRoom, ANN), inviterOf(inRoom, ANN), roomsOf(inRoom).length]).toEqual([[], undefined, 1])
    expect(inviterOf(meeting(BOB, []), ANN)).toEqual(person(BOB))
  })
})
