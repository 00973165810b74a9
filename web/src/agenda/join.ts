// When a Join button is on the screen, and which links it may open.

/** How long before the start the button appears; the same rule as in the cloud. */
export const LEAD_MS = 5 * 60_000

interface Times {
  startMs: number
  endMs: number
  isDeleted: boolean
  hasLink: boolean
}

/** From five minutes before the start until the end. */
export function isJoinShown(meeting: Times, nowMs: number): boolean {
  return edges(meeting).length > 0 && meeting.startMs - LEAD_MS <= nowMs && nowMs < meeting.endMs
}

/** The moments at which the button comes and goes; none if there is nothing to join. */
export function edges(meeting: Times): number[] {
  if (!meeting.hasLink || meeting.isDeleted) return []
  return [meeting.startMs - LEAD_MS, meeting.endMs]
}

export interface JoinLink {
  href: string
  /** What a person should look at before opening it; in its unambiguous ASCII form. */
  host: string
}

/**
 * Only plain `https:` addresses: no script, no other program, no name hidden before an `@`. On one's
 * own computer, where everything is tried out, `http:` to that same computer is plain as well.
 */
export function joinLink(text: string, here = globalThis.location?.hostname ?? ''): JoinLink | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isTrial = url.protocol === 'http:' && isLoopback(url.hostname) && isLoopback(here)
  const isPlain = (url.protocol === 'https:' || isTrial) && url.username === '' && url.password === ''
  return isPlain ? { href: url.href, host: url.host } : undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
}
