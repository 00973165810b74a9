// Where a sealed text belongs, and the protected header that follows from it.

import { encode } from './base64url'

export interface SealedPlace {
  organization: string
  user: string
  meeting: string
  /** Property path in the meeting object, people by their id. */
  field: string
  revision: number
  schema: number
  keyUrl: string
}

/** The first segment of every JWE at this place: a text from elsewhere cannot have it. */
export async function header(place: SealedPlace): Promise<string> {
  return headerOf(place.keyUrl, context(place))
}

/** The same for whatever a text is bound to. */
export async function headerOf(keyUrl: string, boundTo: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', boundTo))
  const cx = encode(hash.subarray(0, 16))
  const json = `{"alg":"dir","enc":"A256GCM","kid":"${keyUrl}","hc":"1","cx":"${cx}"}`
  return encode(new TextEncoder().encode(json))
}

export function context(place: SealedPlace): Uint8Array<ArrayBuffer> {
  return framed([
    'hc1',
    place.organization,
    place.user,
    place.meeting,
    place.field,
    String(place.revision),
    String(place.schema),
  ])
}

/** Each part with its length in front, so that no two lists give the same bytes. */
export function framed(texts: string[]): Uint8Array<ArrayBuffer> {
  const parts = texts.map((part) => new TextEncoder().encode(part))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    bytes.set(part, at + 4)
    at += 4 + part.length
  }
  return bytes
}

const KEY_URL = /^kms:\/\/([a-z0-9.-]+(?::[0-9]+)?)\/keys\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The host that guards a key; `undefined` if this is not a key URL. */
export function keyHost(keyUrl: string): string | undefined {
  return KEY_URL.exec(keyUrl)?.[1]
}
