// Sorts meetings into days as the person's own zone counts them.

export interface Dated {
  id: string
  startMs: number
  endMs: number
  isAllDay: boolean
  /** The first day of an all-day meeting as its organizer counts it, if known. */
  firstDay?: Day | undefined
}

/** A calendar day, `2026-11-24`. */
export type Day = string

export interface DayOf<M> {
  day: Day
  allDay: M[]
  timed: M[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
export const DAYS_SHOWN = 28

const formats = new Map<string, Intl.DateTimeFormat>()

export function dayOf(ms: number, zone: string): Day {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(zone, format)
  }
  return format.format(ms)
}

/** Days are counted as dates, never as 24 hours: two of them a year are not. */
export function plusDays(day: Day, count: number): Day {
  return new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10)
}

/** A moment to format a day at, in UTC. */
export function noonOf(day: Day): number {
  return Date.parse(day) + 12 * HOUR_MS
}

/** The first moment of a day; found by halving, since zones skip hours where they like. */
export function startOf(day: Day, zone: string): number {
  let before = Date.parse(day) - DAY_MS
  let at = Date.parse(day) + DAY_MS
  while (at - before > 1_000) {
    const middle = Math.floor((before + at) / 2_000) * 1_000
    if (dayOf(middle, zone) < day) before = middle
    else at = middle
  }
  return at
}

/** The days from today on that have something; today always. */
export function groupByDay<M extends Dated>(meetings: Iterable<M>, nowMs: number, zone: string): DayOf<M>[] {
  const today = dayOf(nowMs, zone)
  const last = plusDays(today, DAYS_SHOWN - 1)
  const days = new Map<Day, DayOf<M>>([[today, { day: today, allDay: [], timed: [] }]])
  for (const meeting of [...meetings].sort(byStart)) {
    for (const day of daysOf(meeting, today, last, zone)) {
      const group = days.get(day) ?? { day, allDay: [], timed: [] }
      days.set(day, group)
      group[meeting.isAllDay ? 'allDay' : 'timed'].push(meeting)
    }
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1))
}

/** An all-day meeting stands on each of its days, another on its first day that is not over. */
function daysOf(meeting: Dated, today: Day, last: Day, zone: string): Day[] {
  if (meeting.isAllDay) return allDays(meeting, zone).filter((day) => day >= today && day <= last)
  const first = dayOf(meeting.startMs, zone)
  const final = dayOf(Math.max(meeting.startMs, meeting.endMs - 1), zone)
  if (final < today || first > last) return []
  return [first < today ? today : first]
}

/**
 * The organizer's midnight may be late evening here. Noon of the organizer's day is the same date
 * in nearly every zone, so the days are counted from there.
 */
function allDays(meeting: Dated, zone: string): Day[] {
  const first = meeting.firstDay ?? dayOf(meeting.startMs + 12 * HOUR_MS, zone)
  const count = Math.min(Math.max(1, Math.round((meeting.endMs - meeting.startMs) / DAY_MS)), 366)
  return Array.from({ length: count }, (_, index) => plusDays(first, index))
}

function byStart(a: Dated, b: Dated): number {
  return a.startMs - b.startMs || a.endMs - b.endMs || (a.id < b.id ? -1 : 1)
}
