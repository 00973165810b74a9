// The only place where keys and ciphertexts meet: apart from the page, which gets opened texts.

import { fetchCommandKey } from '../orders/command-key'
import { Devices } from '../orders/devices'
import { makeOrder, type CommandKey, type Order as SignedOrder, type Wish } from '../orders/order'
import type { SealedMeeting } from '../protocol'
import { fetchKey, type KeyServer } from './keys'
import { isAttested, openMeeting, type Meeting, type Reader } from './meeting'
import type { Shut } from './open'
import { freshKey, Vault } from './vault'

export type Order =
  | {
      kind: 'open'
      job: number
      meetings: SealedMeeting[]
      reader: Reader
      keyServer: KeyServer
      token: string | undefined
      now: number
    }
  | {
      kind: 'sign'
      job: number
      wish: Wish
      reader: Reader
      keyServer: KeyServer
      token: string | undefined
      now: number
    }
  | { kind: 'forget'; job: number; now: number }

export interface Done {
  job: number
  meetings: Meeting[]
  /** What was to be signed, or why it is not. */
  signed?: SignedOrder | Shut
}

const devices = new Devices()
/** Of whom, and for how long: another may have taken its place. */
let commandKey: { user: string; until: number; found: CommandKey } | undefined
const COMMAND_KEY_LIFE_MS = 3_600_000

let vault: Promise<Vault> | undefined

self.onmessage = async (message: MessageEvent<Order>) => {
  const order = message.data
  // The page passes its time, so that one clock rules both.
  const opened = await (vault ??= Vault.open(order.now))
  let meetings: Meeting[] = []
  switch (order.kind) {
    case 'open':
      meetings = await openAll(order, opened)
      break
    case 'sign': {
      const signed = await sign(order).catch((): Shut => 'key-server-unreachable')
      self.postMessage({ job: order.job, meetings, signed } satisfies Done)
      return
    }
    case 'forget':
      commandKey = undefined
      await devices.forget()
      await opened.forgetKeys()
      break
  }
  self.postMessage({ job: order.job, meetings } satisfies Done)
}

async function sign(order: Order & { kind: 'sign' }): Promise<SignedOrder | Shut> {
  const { wish, reader, keyServer, token, now } = order
  if (token === undefined) return 'key-server-unreachable'
  const device = await devices.get(reader.user, keyServer, token)
  if (!device) return 'key-server-unreachable'
  if (commandKey?.user !== reader.user || commandKey.until <= now) {
    const found = await fetchCommandKey(keyServer, reader.user, token)
    if (typeof found === 'string') return found
    commandKey = { user: reader.user, until: now + COMMAND_KEY_LIFE_MS, found }
  }
  return makeOrder(wish, reader.organization, device, commandKey.found, now)
}

async function openAll(order: Order & { kind: 'open' }, vault: Vault): Promise<Meeting[]> {
  const asked = new Map<string, Promise<CryptoKey | Shut>>()
  const findKey = (url: string): Promise<CryptoKey | Shut> => {
    const known = asked.get(url) ?? keyFor(url, order, vault)
    asked.set(url, known)
    return known
  }
  const results = await Promise.allSettled(
    order.meetings.map(async (sealed) => {
      const meeting = await openMeeting(sealed, order.reader, vault.highestRevision(sealed.id), findKey)
      if (isAttested(meeting)) vault.saw(meeting.id, meeting.revision, order.now)
      return meeting
    }),
  )
  // One that is malformed beyond opening must not take the others with it.
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

async function keyFor(url: string, order: Order & { kind: 'open' }, vault: Vault): Promise<CryptoKey | Shut> {
  const { reader, keyServer, token, now } = order
  return freshKey(url, reader.user, vault, now, () => fetchKey(url, keyServer, reader.user, token))
}
