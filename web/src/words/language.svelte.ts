// Which language is spoken, and in which of its variants.

import { de } from './de'
import { en, type Words } from './en'
import { Times } from './times'

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

  get times(): Times {
    return new Times(this.#locale)
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
