// Who takes part, the organizer among them, each of them once.

import type { Meeting, Participant, Person } from '../seal/meeting'
import { textOf } from './opened'

export interface Attendee extends Person {
  answer: string
  isOptional: boolean
}

/** The organizer first; nobody, if a person stands alone in the calendar. */
export function peopleOf(meeting: Meeting, own: string): Attendee[] {
  const invited = meeting.participants.filter(isPerson)
  const others = invited.filter((each) => !isOrganizer(each, meeting))
  if (others.length === 0) return []
  return [...organizersOf(meeting, invited), ...others.map((each) => ({ ...each, answer: answerOf(each, meeting, own) }))]
}

export function roomsOf(meeting: Meeting): Participant[] {
  return meeting.participants.filter((each) => !isPerson(each))
}

/** Who invited; not for what somebody wrote down for themselves. */
export function inviterOf(meeting: Meeting, own: string): Person | undefined {
  const { organizer } = meeting
  const isAlone = peopleOf(meeting, own).length === 0
  return organizer && isAlone && isSame(organizer, own) ? undefined : organizer
}

function organizersOf(meeting: Meeting, invited: Participant[]): Attendee[] {
  const organizer = meeting.organizer ?? invited.find((each) => isOrganizer(each, meeting))
  return organizer ? [{ ...organizer, answer: 'ORGANIZER', isOptional: false }] : []
}

/**
 * Exchange tells answers to the organizer only: others know no more than their own, and what an
 * organizer has not been told has not been answered.
 */
function answerOf(participant: Participant, meeting: Meeting, own: string): string {
  if (isSame(participant, own)) return meeting.answer
  const isUntold = !['ACCEPTED', 'TENTATIVE', 'DECLINED'].includes(participant.answer)
  return isUntold && meeting.answer === 'ORGANIZER' ? 'NO_RESPONSE' : participant.answer
}

function isPerson(participant: Participant): boolean {
  return participant.kind !== 'ROOM' && participant.kind !== 'RESOURCE'
}

function isOrganizer(participant: Participant, { organizer }: Meeting): boolean {
  if (participant.answer === 'ORGANIZER') return true
  return organizer !== undefined && isSame(participant, textOf(organizer.address))
}

function isSame(person: Person, address: string): boolean {
  return address !== '' && textOf(person.address).toLowerCase() === address.toLowerCase()
}
