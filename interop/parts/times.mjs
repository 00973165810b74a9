// Wall clocks of a zone, told by the computer's own time zone rules.

export const ZONE = 'Europe/Berlin'
export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS

/** `{ date: '2026-11-24', time: '10:00' }` as clocks of the zone show it. */
export function wallClock(ms) {
  const [date, time] = new Date(ms).toLocaleString('sv-SE', { timeZone: ZONE }).split(' ')
  return { date, time: time.slice(0, 5) }
}

export function plusDays(date, count) {
  return new Date(Date.parse(date) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Minutes that the zone is ahead of UTC. */
export function offsetMinutes(ms) {
  const { date, time } = wallClock(ms)
  return Math.round((Date.parse(`${date}T${time}Z`) - ms) / MINUTE_MS)
}

/** As Exchange and our clients write it. */
export function utc(ms) {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

/** The moment when clocks of the zone show this. */
export function moment(date, time) {
  const asIfUtc = Date.parse(`${date}T${time}Z`)
  const near = asIfUtc - offsetMinutes(asIfUtc) * MINUTE_MS
  return asIfUtc - offsetMinutes(near) * MINUTE_MS
}
