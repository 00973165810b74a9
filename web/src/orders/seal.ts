// Seals one text of an order for the connector.

import { encode } from '../seal/base64url'
import { orderHeader, type OrderPlace } from './place'

const IV_BYTES = 12
const TAG_BYTES = 16
/** Longest text of one field, in bytes; longer ones are for the page to shorten. */
const TEXT_BYTES_MAX = 48 * 1024

export async function seal(
  text: string,
  key: CryptoKey,
  place: OrderPlace,
  iv: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(IV_BYTES)),
): Promise<string> {
  const plain = new TextEncoder().encode(text)
  if (plain.length > TEXT_BYTES_MAX) throw new RangeError('longer than a seal may cover')
  const header = await orderHeader(place)
  const additionalData = new TextEncoder().encode(header)
  const algorithm = { name: 'AES-GCM', iv, additionalData, tagLength: TAG_BYTES * 8 }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain))
  const [body, tag] = [sealed.subarray(0, -TAG_BYTES), sealed.subarray(-TAG_BYTES)]
  return `${header}..${encode(iv)}.${encode(body)}.${encode(tag)}`
}
