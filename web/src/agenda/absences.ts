// Whose absences are asked for, and what is known of them: for as long as somebody looks.

/** More are not asked about at once. */
const SUBJECTS_MAX = 50

export interface Status {
  subject: string
  status: string
  expiresTime?: string
}

/** Until when somebody is away, by address in lower case; `undefined`: no end is known. */
export type Absences = ReadonlyMap<string, number | undefined>

/** Of the same house only: about others the cloud knows nothing, and need not hear of them. */
export function colleagues(addresses: string[], own: string): string[] {
  const domain = own.toLowerCase().split('@')[1]
  const known = addresses.map((address) => address.trim().toLowerCase())
  const ofTheHouse = known.filter((address) => domain !== undefined && address.endsWith(`@${domain}`))
  return [...new Set(ofTheHouse)].slice(0, SUBJECTS_MAX)
}

/** `addresses` by the id that a status names. An absence ends by itself. */
export function absencesOf(statuses: Status[], addresses: ReadonlyMap<string, string>, nowMs: number): Absences {
  const absences = new Map<string, number | undefined>()
  for (const { subject, status, expiresTime } of statuses) {
    const address = addresses.get(subject)
    const until = expiresTime === undefined ? undefined : Date.parse(expiresTime)
    const isOver = until !== undefined && !(until > nowMs)
    if (status === 'ooo' && address !== undefined && !isOver) absences.set(address, until)
  }
  return absences
}
