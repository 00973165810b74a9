// The cloud's HTTP interface, as far as the web app uses it.

import type { Status } from '../agenda/absences'
import { routes, type Changes, type MeetingList } from '../protocol'

const ANSWER_DEADLINE_MS = 20_000
const CHANGES_MAX = 500

export type Trouble = 'unreachable' | 'token' | 'resync' | 'not-permitted' | 'refused'

export class CloudFailure extends Error {
  constructor(
    readonly trouble: Trouble,
    readonly retryAfterMs?: number,
  ) {
    super(trouble)
  }
}

export type Token = () => Promise<string>

export class Cloud {
  constructor(private readonly token: Token) {}

  async list(fromMs: number, toMs: number): Promise<MeetingList> {
    const query = new URLSearchParams({
      fromDate: new Date(fromMs).toISOString(),
      toDate: new Date(toMs).toISOString(),
    })
    return (await this.#get(`${routes.meetings}?${query}`)) as MeetingList
  }

  async changes(since: string): Promise<Changes> {
    const query = new URLSearchParams({ since, limit: String(CHANGES_MAX) })
    return (await this.#get(`${routes.changes}?${query}`)) as Changes
  }

  /** Who is away; in the order asked. */
  async statuses(subjects: string[]): Promise<Status[]> {
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS)
    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const response = await this.#fetch(routes.compositions, headers, signal, JSON.stringify({ subjects }))
    const answer = (await response.json().catch(() => ({}))) as { statusList?: Status[] }
    return answer.statusList ?? []
  }

  /** The open stream; it lasts until `signal` or the server ends it. */
  async events(since: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const headers = { accept: 'text/event-stream', 'last-event-id': since }
    const response = await this.#fetch(routes.events, headers, signal)
    if (!response.body) throw new CloudFailure('unreachable')
    return response.body
  }

  async #get(path: string): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS)
    const response = await this.#fetch(path, { accept: 'application/json' }, signal)
    return response.json().catch(() => {
      throw new CloudFailure('unreachable')
    })
  }

  async #fetch(path: string, headers: Record<string, string>, signal: AbortSignal, body?: string): Promise<Response> {
    const authorization = `Bearer ${await this.token()}`
    const post = body === undefined ? {} : { method: 'POST', body }
    const request = fetch(path, { ...post, headers: { ...headers, authorization }, cache: 'no-store', signal })
    const response = await request.catch(() => {
      throw new CloudFailure('unreachable')
    })
    if (response.ok) return response
    throw await failure(response)
  }
}

async function failure(response: Response): Promise<CloudFailure> {
  const problem = (await response.json().catch(() => ({}))) as { retryAfterMs?: unknown }
  const wait = typeof problem.retryAfterMs === 'number' ? problem.retryAfterMs : undefined
  switch (response.status) {
    case 401:
      return new CloudFailure('token')
    case 403:
      return new CloudFailure('not-permitted')
    case 410:
      return new CloudFailure('resync')
    case 400:
    case 404:
      return new CloudFailure('refused')
    default:
      return new CloudFailure('unreachable', wait)
  }
}
