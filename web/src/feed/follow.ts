// Keeps a person's list current: list, stream, catch up, reconnect. Decisions are `Feed`'s.

import type { Envelope, SealedMeeting } from '../protocol'
import { CloudFailure, type Cloud } from './cloud'
import { Feed, writePosition, type Step } from './feed'
import { EventReader } from './sse'

/** The server sends something every 15 s; silence this long means the line is dead. */
const SILENCE_MAX_MS = 40_000
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 30_000
const TOKENS_TRIED_MAX = 3

export type Connection = 'connecting' | 'live' | 'offline'

export interface Listener {
  /** The whole list was read: meetings not in it are gone. */
  listed(meetings: SealedMeeting[]): void
  changed(meetings: SealedMeeting[], gone: string[]): void
  connection(state: Connection): void
  /** The token was refused or ends soon; throws if there is no way to a new one. */
  renewToken(): Promise<void>
  /** The cloud knows who this is and says no, or will not take any token. */
  refused(why: 'not-permitted' | 'token'): void
}

export interface Window {
  fromMs: number
  toMs: number
}

export class Follower {
  #feed: Feed | undefined
  #stop = new AbortController()
  #wake: (() => void) | undefined
  #cutStream: (() => void) | undefined
  #retryMs = RETRY_MIN_MS
  #failures = 0

  constructor(
    private readonly cloud: Pick<Cloud, 'list' | 'changes' | 'events'>,
    private readonly listener: Listener,
    private readonly window: () => Window,
  ) {}

  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#session()
        if (!this.#stop.signal.aborted) this.listener.connection('connecting')
        await this.#wait(this.#retryMs)
      } catch (cause) {
        if (this.#stop.signal.aborted) return
        await this.#onFailure(cause)
      }
    }
  }

  stop(): void {
    this.#stop.abort()
    this.#cutStream?.()
    this.#wake?.()
  }

  /** The network is back, or the day changed: do not wait any longer. */
  readAgain(): void {
    this.#feed = undefined
    this.#cutStream?.()
    this.#wake?.()
  }

  /** From the list, or from where we were, until the stream ends. */
  async #session(): Promise<void> {
    const feed = (this.#feed ??= await this.#list())
    const silence = new Silence(SILENCE_MAX_MS)
    this.#cutStream = () => silence.cut()
    try {
      const body = await this.cloud.events(writePosition(feed.position), silence.signal)
      this.#failures = 0
      this.listener.connection('live')
      await this.#readStream(feed, body.getReader(), silence)
    } finally {
      this.#cutStream = undefined
      silence.cut()
    }
  }

  async #readStream(
    feed: Feed,
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
    silence: Silence,
  ): Promise<void> {
    const events = new EventReader()
    const text = new TextDecoder()
    for (;;) {
      // A stream that breaks is like one that ends: connect again from the last position.
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
      if (done || !value) return
      silence.broken()
      for (const event of events.read(text.decode(value, { stream: true }))) {
        const envelope = readEnvelope(event.data)
        if (envelope && !(await this.#take(feed, feed.onEvent(envelope)))) return
      }
      this.#retryMs = clamp(events.retryMs ?? this.#retryMs)
    }
  }

  /** Whether the stream may go on. */
  async #take(feed: Feed, step: Step): Promise<boolean> {
    if (step.changed.length > 0 || step.gone.length > 0) this.listener.changed(step.changed, step.gone)
    switch (step.next) {
      case 'go-on':
        return true
      case 'catch-up':
        return this.#take(feed, feed.onChanges(await this.cloud.changes(writePosition(feed.position))))
      case 'list-again':
        this.#feed = undefined
        return false
      case 'renew-token':
        await this.listener.renewToken()
        return false
    }
  }

  async #list(): Promise<Feed> {
    const { fromMs, toMs } = this.window()
    const feed = Feed.fromList(await this.cloud.list(fromMs, toMs))
    if (!feed) throw new CloudFailure('unreachable')
    this.listener.listed([...feed.meetings.values()])
    return feed
  }

  async #onFailure(cause: unknown): Promise<void> {
    const { trouble, retryAfterMs } = cause instanceof CloudFailure ? cause : new CloudFailure('unreachable')
    this.#failures += 1
    if (trouble === 'not-permitted' || (trouble === 'token' && this.#failures > TOKENS_TRIED_MAX)) {
      this.stop()
      return this.listener.refused(trouble)
    }
    if (trouble === 'resync' || trouble === 'refused') this.#feed = undefined
    if (trouble === 'token') await this.listener.renewToken().catch(() => this.listener.connection('offline'))
    else this.listener.connection('offline')
    await this.#wait(retryAfterMs ?? backOff(this.#retryMs, this.#failures))
  }

  async #wait(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, clamp(ms))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}

/** Ends a connection on which nothing came for too long. */
class Silence {
  #cut = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly limitMs: number) {
    this.broken()
  }

  get signal(): AbortSignal {
    return this.#cut.signal
  }

  broken(): void {
    clearTimeout(this.#timer)
    if (!this.#cut.signal.aborted) this.#timer = setTimeout(() => this.cut(), this.limitMs)
  }

  cut(): void {
    clearTimeout(this.#timer)
    this.#cut.abort()
  }
}

function readEnvelope(data: string): Envelope | undefined {
  try {
    const value = JSON.parse(data) as Envelope
    return typeof value?.data?.eventType === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, RETRY_MIN_MS), RETRY_MAX_MS)
}

/** Doubles with each failure, with chance so that many clients do not return at once. */
function backOff(baseMs: number, failures: number): number {
  return baseMs * 2 ** Math.min(failures - 1, 5) * (0.75 + Math.random() / 2)
}
