// How times are written: one way on the whole page, whatever the browser's own habits are.

const MINUTE_MS = 60_000

/** `zone` only for tests; else the person's own. */
export class Times {
  readonly #locale: string
  readonly #zone: { timeZone?: string }

  constructor(locale: string, zone?: string) {
    this.#locale = locale
    this.#zone = zone === undefined ? {} : { timeZone: zone }
  }

  time(ms: number): string {
    return this.#format(this.#clock()).format(ms)
  }

  /** Without the date, if it is the same at both ends. */
  range(startMs: number, endMs: number): string {
    if (!this.#isOneDay(startMs, endMs)) return this.moments(startMs, endMs)
    return this.#format(this.#clock()).formatRange(startMs, endMs)
  }

  /** With the date; said once, if it is the same at both ends. */
  moments(startMs: number, endMs: number): string {
    if (this.#isOneDay(startMs, endMs)) return `${this.#format(DATE).format(startMs)}, ${this.range(startMs, endMs)}`
    return this.#format({ ...DATE, ...this.#clock() }).formatRange(startMs, endMs)
  }

  /** The date, or on the same day the time. */
  until(ms: number, nowMs: number): string {
    return this.#isOneDay(nowMs, ms) ? this.time(ms) : this.#format(DATE).format(ms)
  }

  /** `noonMs` in UTC, so that no zone moves it. */
  day(noonMs: number): string {
    const format = { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' } as const
    return this.#format(format).format(noonMs)
  }

  fromNow(ms: number): string {
    const relative = new Intl.RelativeTimeFormat(this.#locale, { numeric: 'auto' })
    const minutes = Math.ceil(ms / MINUTE_MS)
    if (minutes < 90) return relative.format(minutes, 'minute')
    if (minutes < 36 * 60) return relative.format(Math.round(minutes / 60), 'hour')
    return relative.format(Math.round(minutes / 1440), 'day')
  }

  /** Asked for one digit, browsers write `8:26` alone but `08:26–08:51`; with two they agree. */
  #clock(): Intl.DateTimeFormatOptions {
    const { hourCycle } = this.#format({ hour: 'numeric' }).resolvedOptions()
    const isHalfDay = hourCycle === 'h11' || hourCycle === 'h12'
    return { hour: isHalfDay ? 'numeric' : '2-digit', minute: '2-digit' }
  }

  #isOneDay(startMs: number, endMs: number): boolean {
    const format = this.#format({ dateStyle: 'short' })
    return format.format(startMs) === format.format(endMs)
  }

  #format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(this.#locale, { ...this.#zone, ...options })
  }
}

const DATE = { weekday: 'short', day: 'numeric', month: 'short' } as const
