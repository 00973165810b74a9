// What the screen shows, and what brings it there: the sign-in, the list, the clock.

import { absencesOf, colleagues, type Absences } from './agenda/absences'
import { edges } from './agenda/join'
import { nextTick } from './agenda/clock'
import { DAYS_SHOWN, dayOf, plusDays, startOf } from './agenda/days'
import { Cloud, CloudFailure } from './feed/cloud'
import { Follower, type Connection, type Listener, type Window } from './feed/follow'
import { routes, type SealedMeeting, type Site } from './protocol'
import type { Meeting, Reader } from './seal/meeting'
import { Opener } from './seal/opener'
import { userId } from './seal/user-id'
import { SignInFailure } from './sign-in/issuer'
import { Session, type Audience, type Person } from './sign-in/session'

export type Phase = 'loading' | 'signed-out' | 'leaving' | 'signed-in'
export type Hint = 'not-secure' | 'site-unreachable' | 'issuer-unreachable' | 'sign-in-refused' | 'sign-in-ended' | 'not-permitted'

const KEY_RETRY_MIN_MS = 5_000
const KEY_RETRY_MAX_MS = 60_000
const SITE_DEADLINE_MS = 15_000

/** Where components far below find it. */
export const APP = Symbol('app')

export class App implements Listener {
  phase = $state<Phase>('loading')
  hint = $state<Hint>()
  site = $state<Site>()
  person = $state<Person>()
  connectionState = $state<Connection>('connecting')
  /** When the list was last known to be right. */
  freshAt = $state<number>()
  isRead = $state(false)
  meetings = $state.raw(new Map<string, Meeting>())
  now = $state(Date.now())
  absences = $state.raw<Absences>(new Map())
  readonly zone = Intl.DateTimeFormat().resolvedOptions().timeZone

  #opener = new Opener()
  #session: Session | undefined
  #reader: Reader | undefined
  #follower: Follower | undefined
  #sealed = new Map<string, SealedMeeting>()
  #keyRetryMs = KEY_RETRY_MIN_MS
  #keyRetry: ReturnType<typeof setTimeout> | undefined
  #tick: ReturnType<typeof setTimeout> | undefined

  async start(): Promise<void> {
    this.phase = 'loading'
    this.hint = undefined
    this.#watchClock()
    // Browsers offer cryptography only to pages that came over a safe line.
    if (!isSecureContext) return this.#signedOut('not-secure')
    try {
      this.site = await readSite()
    } catch {
      return this.#signedOut('site-unreachable')
    }
    try {
      const session = await Session.find(this.site)
      if (session) return await this.#signedIn(session, this.site)
      // Keys of whoever sat here before and only closed the tab.
      this.#signedOut(undefined)
      await this.#opener.forgetKeys()
    } catch (failure) {
      this.#signedOut(hintOf(failure))
    }
  }

  async signIn(): Promise<void> {
    if (!this.site) return this.start()
    this.phase = 'leaving'
    try {
      await Session.start(this.site)
    } catch (failure) {
      this.#signedOut(hintOf(failure))
    }
  }

  async signOut(): Promise<void> {
    this.#leave()
    await this.#opener.forgetKeys()
  }

  /** Asks who of these people is away; what is known of others is kept. */
  async lookWhoIsAway(people: string[]): Promise<void> {
    const [reader, own] = [this.#reader, this.person?.address]
    if (!reader || !own) return
    const asked = colleagues(people, own)
    if (asked.length === 0) return
    const ids = await Promise.all(asked.map((address) => userId(reader.organization, address)))
    const addresses = new Map(ids.map((id, at) => [id, asked[at] ?? '']))
    // Not worth a message: whoever looks again asks again.
    const statuses = await new Cloud(() => this.#token('hc-api')).statuses(ids).catch(() => undefined)
    if (!statuses || this.#reader !== reader) return
    const others = [...this.absences].filter(([address]) => !asked.includes(address))
    this.absences = new Map([...others, ...absencesOf(statuses, addresses, Date.now())])
  }

  /** Whether some text waits for the key server. */
  get isKeyServerMissed(): boolean {
    return [...this.meetings.values()].some(lacksKey)
  }

  networkIsBack(): void {
    this.#follower?.readAgain()
    this.#openAgain()
  }

  /** Looks at the clock and asks to be woken at the next minute or edge. */
  readonly tick = (): void => {
    clearTimeout(this.#tick)
    const now = Date.now()
    if (dayOf(now, this.zone) !== dayOf(this.now, this.zone)) this.#follower?.readAgain()
    this.now = now
    const next = nextTick(now, [...this.meetings.values()].flatMap(edges))
    this.#tick = setTimeout(this.tick, next - now)
  }

  listed(sealed: SealedMeeting[]): void {
    this.#sealed = new Map(sealed.map((meeting) => [meeting.id, meeting]))
    this.meetings = new Map([...this.meetings].filter(([id]) => this.#sealed.has(id)))
    this.freshAt = Date.now()
    void this.#open(sealed)
  }

  changed(sealed: SealedMeeting[], gone: string[]): void {
    for (const meeting of sealed) this.#sealed.set(meeting.id, meeting)
    for (const id of gone) this.#sealed.delete(id)
    this.meetings = new Map([...this.meetings].filter(([id]) => this.#sealed.has(id)))
    void this.#open(sealed)
  }

  connection(state: Connection): void {
    if (this.connectionState === 'live' && state !== 'live') this.freshAt = Date.now()
    this.connectionState = state
  }

  async renewToken(): Promise<void> {
    await this.#token('hc-api', true)
  }

  refused(why: 'not-permitted' | 'token'): void {
    this.#leave(why === 'token' ? 'sign-in-ended' : 'not-permitted')
  }

  async #signedIn(session: Session, site: Site): Promise<void> {
    this.#session = session
    this.person = session.person
    this.#reader = { organization: site.organization, user: await userId(site.organization, session.person.address) }
    this.phase = 'signed-in'
    this.connectionState = 'connecting'
    this.#follower = new Follower(new Cloud(() => this.#token('hc-api')), this, () => this.#window())
    void this.#follower.run()
  }

  #signedOut(hint: Hint | undefined): void {
    this.phase = 'signed-out'
    this.hint = hint
  }

  #leave(hint?: Hint): void {
    this.#follower?.stop()
    this.#session?.end()
    clearTimeout(this.#keyRetry)
    this.#follower = this.#session = this.#reader = this.person = this.freshAt = undefined
    this.#sealed.clear()
    this.meetings = new Map()
    this.absences = new Map()
    this.isRead = false
    this.#signedOut(hint)
  }

  async #token(audience: Audience, anew = false): Promise<string> {
    const session = this.#session
    if (!session) throw new CloudFailure('unreachable')
    try {
      return await (anew ? session.renew(audience) : session.token(audience))
    } catch (failure) {
      if (failure instanceof SignInFailure && failure.trouble === 'refused') this.#leave('sign-in-ended')
      throw new CloudFailure('unreachable')
    }
  }

  async #open(sealed: SealedMeeting[]): Promise<void> {
    const [reader, site] = [this.#reader, this.site]
    if (!reader || !site) return
    // Without a token, keys kept from before still open what they can.
    const token = await this.#token('hc-kms').catch(() => undefined)
    if (this.#reader !== reader) return
    const opened = await this.#opener.open(sealed, reader, site, token)
    if (this.#reader === reader) this.#show(opened)
  }

  #show(opened: Meeting[]): void {
    const meetings = new Map(this.meetings)
    for (const meeting of opened) {
      // It may have gone or changed again while it was being opened.
      if (!this.#sealed.has(meeting.id)) continue
      if ((meetings.get(meeting.id)?.revision ?? 0) <= meeting.revision) meetings.set(meeting.id, meeting)
    }
    this.meetings = meetings
    this.isRead = true
    this.tick()
    this.#planKeyRetry()
  }

  #planKeyRetry(): void {
    clearTimeout(this.#keyRetry)
    if (!this.isKeyServerMissed) {
      this.#keyRetryMs = KEY_RETRY_MIN_MS
      return
    }
    this.#keyRetry = setTimeout(() => this.#openAgain(), this.#keyRetryMs)
    this.#keyRetryMs = Math.min(this.#keyRetryMs * 2, KEY_RETRY_MAX_MS)
  }

  #openAgain(): void {
    const shut = [...this.meetings.values()].filter(lacksKey)
    const again = shut.map(({ id }) => this.#sealed.get(id)).filter((meeting) => meeting !== undefined)
    if (again.length > 0) void this.#open(again)
  }

  #window(): Window {
    const today = dayOf(Date.now(), this.zone)
    return { fromMs: startOf(today, this.zone), toMs: startOf(plusDays(today, DAYS_SHOWN), this.zone) }
  }

  #watchClock(): void {
    // Browsers slow the timers of hidden pages down.
    document.onvisibilitychange = () => document.visibilityState === 'visible' && this.tick()
    window.ononline = () => this.networkIsBack()
    this.tick()
  }
}

function lacksKey(meeting: Meeting): boolean {
  return 'shut' in meeting.subject && meeting.subject.shut === 'key-server-unreachable'
}

async function readSite(): Promise<Site> {
  const response = await fetch(routes.site, { cache: 'no-store', signal: AbortSignal.timeout(SITE_DEADLINE_MS) })
  if (!response.ok) throw new Error('no site')
  return (await response.json()) as Site
}

function hintOf(failure: unknown): Hint {
  const isRefused = failure instanceof SignInFailure && failure.trouble === 'refused'
  return isRefused ? 'sign-in-refused' : 'issuer-unreachable'
}
