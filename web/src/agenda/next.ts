// Which meeting a person should think of now.

interface Planned {
  startMs: number
  endMs: number
  isAllDay: boolean
  answer: string
}

/** The first that is not over; what is on all day or was declined waits for nobody. */
export function nextOf<M extends Planned>(meetings: M[], nowMs: number): M | undefined {
  return meetings
    .filter((meeting) => meeting.endMs > nowMs && !meeting.isAllDay && meeting.answer !== 'DECLINED')
    .sort((a, b) => a.startMs - b.startMs)[0]
}
