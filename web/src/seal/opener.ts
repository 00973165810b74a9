// The page's side of the worker: hands over sealed meetings, gets opened ones.

import type { Order as SignedOrder, Wish } from '../orders/order'
import type { SealedMeeting } from '../protocol'
import type { KeyServer } from './keys'
import type { Meeting, Reader } from './meeting'
import type { Shut } from './open'
import type { Done, Order } from './worker'
import workerUrl from './worker.ts?worker&url'

type WithoutJob<T> = T extends unknown ? Omit<T, 'job'> : never

export class Opener {
  #worker = startWorker()
  #jobs = 0
  #waiting = new Map<number, (done: Done) => void>()

  constructor() {
    this.#worker.onmessage = (message: MessageEvent<Done>) => {
      this.#waiting.get(message.data.job)?.(message.data)
      this.#waiting.delete(message.data.job)
    }
  }

  async open(
    meetings: SealedMeeting[],
    reader: Reader,
    keyServer: KeyServer,
    token: string | undefined,
  ): Promise<Meeting[]> {
    const { kmsUrl, kmsHost, clientId } = keyServer
    const server = { kmsUrl, kmsHost, clientId }
    const done = await this.#ask({ kind: 'open', meetings, reader, keyServer: server, token, now: Date.now() })
    return done.meetings
  }

  /** Seals and signs what the person wants done; the page sends it, again and again unchanged. */
  async sign(
    wish: Wish,
    reader: Reader,
    keyServer: KeyServer,
    token: string | undefined,
  ): Promise<SignedOrder | Shut> {
    const { kmsUrl, kmsHost, clientId } = keyServer
    const server = { kmsUrl, kmsHost, clientId }
    const done = await this.#ask({ kind: 'sign', wish, reader, keyServer: server, token, now: Date.now() })
    return done.signed ?? 'key-server-unreachable'
  }

  async forgetKeys(): Promise<void> {
    await this.#ask({ kind: 'forget', now: Date.now() })
  }

  #ask(order: WithoutJob<Order>): Promise<Done> {
    const job = ++this.#jobs
    return new Promise((resolve) => {
      this.#waiting.set(job, resolve)
      this.#worker.postMessage({ ...order, job })
    })
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** Under Trusted Types a worker's address must be vouched for; this is the only one we have. */
function startWorker(): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('hybridcal-worker', {
    createScriptURL(url) {
      if (url !== workerUrl) throw new TypeError('not our worker')
      return url
    },
  })
  return new Worker(policy?.createScriptURL(workerUrl) ?? workerUrl, { type: 'module', name: 'opener' })
}
