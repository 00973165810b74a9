// Tells the person through the browser when it is time to join: once per meeting and revision.

import type { Meeting } from '../seal/meeting'
import { speech } from '../words/language.svelte'
import { countdown, textOf } from './texts'

const TOLD_MAX = 500
const TOLD = 'hybridcal.told'

export class Notifier {
  state = $state<'unasked' | 'on' | 'off'>(initialState())
  /** Ids and revisions only; kept, so that a reload does not tell the same again. */
  #told = new Set<string>(JSON.parse(sessionStorage.getItem(TOLD) ?? '[]') as string[])

  /** Only ever from a click: nobody is asked without having asked. */
  async ask(): Promise<void> {
    this.state = (await Notification.requestPermission()) === 'granted' ? 'on' : 'off'
  }

  announce(joinable: Meeting[], now: number): void {
    if (this.state !== 'on') return
    for (const meeting of joinable) {
      const generation = `${meeting.id} ${meeting.revision}`
      if (this.#told.has(generation)) continue
      this.#remember(generation)
      this.#tell(meeting, generation, now)
    }
  }

  #tell(meeting: Meeting, tag: string, now: number): void {
    // A notification may be read by whoever passes the screen.
    const title = meeting.isPrivate ? speech.words.privateMeeting : textOf(meeting.subject) || speech.words.noTitle
    try {
      const notification = new Notification(title, { body: countdown(meeting.startMs, now), tag })
      notification.onclick = () => {
        window.focus()
        notification.close()
      }
    } catch {
      // Browsers on phones have the name but not the constructor.
      this.state = 'off'
    }
  }

  #remember(generation: string): void {
    this.#told.add(generation)
    sessionStorage.setItem(TOLD, JSON.stringify([...this.#told].slice(-TOLD_MAX)))
  }
}

function initialState(): 'unasked' | 'on' | 'off' {
  if (!('Notification' in globalThis)) return 'off'
  if (Notification.permission === 'granted') return 'on'
  return Notification.permission === 'default' ? 'unasked' : 'off'
}
