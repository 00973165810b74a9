// Asks the key server for a key and believes the answer only after checking it.

import { routes, type KeyAnswer, type Site } from '../protocol'
import { decode } from './base64url'
import type { Shut } from './open'
import { keyHost } from './place'

const KEY_BYTES = 32
const KEY_SERVER_DEADLINE_MS = 10_000
const KEY_MESSAGE_CHARACTERS_MAX = 64 * 1024

export type KeyServer = Pick<Site, 'kmsUrl' | 'kmsHost' | 'clientId'>

export async function fetchKey(
  keyUrl: string,
  server: KeyServer,
  userId: string,
  token: string | undefined,
): Promise<CryptoKey | Shut> {
  // A key of another realm would let whoever altered the meeting choose the key.
  if (keyHost(keyUrl) !== server.kmsHost) return 'tampered'
  if (token === undefined) return 'key-server-unreachable'
  const answer = await ask(server, userId, token, { method: 'retrieve', uri: keyUrl }).catch(() => undefined)
  if (!answer) return 'key-server-unreachable'
  return readAnswer(keyUrl, answer)
}

/** One request to the key server; its answer is not believed yet. */
export async function ask(
  server: KeyServer,
  userId: string,
  bearer: string,
  request: Record<string, unknown>,
): Promise<KeyAnswer> {
  const response = await fetch(server.kmsUrl.replace(/\/$/, '') + routes.keys, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'omit',
    redirect: 'error',
    signal: AbortSignal.timeout(KEY_SERVER_DEADLINE_MS),
    body: JSON.stringify({
      client: { clientId: server.clientId, credential: { userId, bearer } },
      requestId: crypto.randomUUID(),
      ...request,
    }),
  })
  const text = await response.text()
  if (text.length > KEY_MESSAGE_CHARACTERS_MAX) throw new Error('answer too long')
  return JSON.parse(text) as KeyAnswer
}

export async function readAnswer(
  keyUrl: string,
  answer: KeyAnswer,
  usage: 'decrypt' | 'encrypt' = 'decrypt',
): Promise<CryptoKey | Shut> {
  switch (answer.status) {
    case 200:
    case 201:
      return importKey(keyUrl, answer, usage)
    case 401:
    case 403:
    case 404:
      return 'key-refused'
    case 405:
    case 410:
      return 'key-gone'
    default:
      return 'key-server-unreachable'
  }
}

async function importKey(
  keyUrl: string,
  answer: KeyAnswer,
  usage: 'decrypt' | 'encrypt',
): Promise<CryptoKey | Shut> {
  const { key } = answer
  const bytes = typeof key?.jwk?.k === 'string' ? decode(key.jwk.k) : undefined
  if (!key || !bytes || bytes.length !== KEY_BYTES) return 'tampered'
  if (key.uri !== keyUrl || key.jwk.kid !== keyUrl || key.jwk.kty !== 'oct') return 'tampered'
  if (key.kcv !== (await checkValue(bytes))) return 'tampered'
  const imported = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, [usage])
  bytes.fill(0)
  return imported
}

/** AES-GCM does not commit to its key; this value does. */
export async function checkValue(key: Uint8Array<ArrayBuffer>): Promise<string> {
  const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', hmac, new TextEncoder().encode('kcv')))
  return Array.from(mac.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
