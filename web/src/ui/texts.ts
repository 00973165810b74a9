// Short sentences made of a meeting's facts.

import type { Meeting } from '../seal/meeting'
import type { Opened } from '../seal/open'
import { speech } from '../words/language.svelte'
import { textOf } from './opened'

export { textOf }

const MINUTE_MS = 60_000

export function countdown(startMs: number, nowMs: number): string {
  const { words } = speech
  if (nowMs < startMs) return words.startsIn(Math.ceil((startMs - nowMs) / MINUTE_MS))
  const minutes = Math.floor((nowMs - startMs) / MINUTE_MS)
  return minutes === 0 ? words.startsNow : words.startedAgo(minutes)
}

/** Whether a field has something to say beside the subject: a text, or a trouble of its own. */
export function isWorthShowing(field: Opened | undefined, subject: Opened): field is Opened {
  if (!field) return false
  if ('text' in field) return field.text.trim() !== ''
  return !('shut' in subject && subject.shut === field.shut)
}

/** A person by name, else by address. */
export function nameOf(person: { name: Opened; address: Opened }): Opened {
  return textOf(person.name) === '' && textOf(person.address) !== '' ? person.address : person.name
}

export function answerOf(answer: string): string {
  const { answers } = speech.words
  return word(answers, answer) ?? answers.UNKNOWN
}

/** What is worth knowing about an entry; codes of newer versions say nothing here. */
export function hintsOf(meeting: Meeting): string[] {
  const codes = [...new Set(meeting.notes)]
  return codes.map((code) => word(speech.words.notes, code)).filter((hint) => hint !== undefined)
}

/** Codes come from the network: only a dictionary's own entries count. */
export function word(dictionary: Record<string, string>, code: string): string | undefined {
  return Object.hasOwn(dictionary, code) ? dictionary[code] : undefined
}
