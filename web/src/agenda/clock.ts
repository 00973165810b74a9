// When to look at the clock again: at the next minute or the next edge, whichever is first.

const MINUTE_MS = 60_000

export function nextTick(nowMs: number, edgesMs: Iterable<number>): number {
  let next = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS
  for (const edge of edgesMs) if (edge > nowMs && edge < next) next = edge
  return next
}
