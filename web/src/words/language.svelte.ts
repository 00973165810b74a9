// Which language is spoken, and how it writes times.

import { de } from './de'
import { en, type Words } from './en'

export type Language = 'en' | 'de'
const dictionaries: Record<Language, Words> = { en, de }
const CHOSEN = 'hybridcal.language'

class Speech {
  language = $state<Language>(preferred())

  get words(): Words {
    return dictionaries[this.language]
  }

  choose(language: Language): void {
    this.language = language
    localStorage.setItem(CHOSEN, language)
  }

  time(ms: number): string {
    return this.#format({ hour: 'numeric', minute: '2-digit' }).format(ms)
  }

  /** `day` at noon in UTC, so that no zone moves it. */
  day(noonMs: number): string {
    return this.#format({ weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(noonMs)
  }

  moment(ms: number): string {
    return this.#format({ weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }).format(ms)
  }

  range(startMs: number, endMs: number): string {
    return this.#format({ hour: 'numeric', minute: '2-digit' }).formatRange(startMs, endMs)
  }

  fromNow(ms: number): string {
    const relative = new Intl.RelativeTimeFormat(this.#locale, { numeric: 'auto' })
    const minutes = Math.ceil(ms / 60_000)
    if (minutes < 90) return relative.format(minutes, 'minute')
    if (minutes < 36 * 60) return relative.format(Math.round(minutes / 60), 'hour')
    return relative.format(Math.round(minutes / 1440), 'day')
  }

  #format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(this.#locale, options)
  }

  /** The reader's own variant: British and American English write times differently. */
  get #locale(): string {
    return navigator.languages.find((each) => each.startsWith(this.language)) ?? this.language
  }
}

function preferred(): Language {
  const chosen = localStorage.getItem(CHOSEN)
  if (chosen === 'en' || chosen === 'de') return chosen
  return navigator.language.startsWith('de') ? 'de' : 'en'
}

export const speech = new Speech()
