// Opens one sealed text, if it lies where it was sealed for.

import { decode } from './base64url'
import { header, type SealedPlace } from './place'

/** Longest sealed text of one field. */
const CIPHERTEXT_BYTES_MAX = 48 * 1024
const HEADER_BYTES_MAX = 512
const COMPACT_CHARACTERS_MAX = Math.ceil(((CIPHERTEXT_BYTES_MAX + HEADER_BYTES_MAX + 28) * 4) / 3) + 8
const IV_BYTES = 12
const TAG_BYTES = 16

/** Why a text stays shut. */
export type Shut =
  | 'key-server-unreachable'
  | 'key-refused'
  | 'key-gone'
  | 'tampered'
  | 'outdated'
  | 'newer-format'

export type Opened = { text: string } | { shut: Shut }

/**
 * The header is rebuilt from the place and compared before anything is deciphered; what the
 * header says is never believed, not even read.
 */
export async function open(compact: unknown, key: CryptoKey, place: SealedPlace): Promise<Opened> {
  const parts = split(compact)
  if (!parts || parts.header !== (await header(place))) return { shut: 'tampered' }
  const data = new Uint8Array([...parts.ciphertext, ...parts.tag])
  const aad = new TextEncoder().encode(parts.header)
  try {
    const algorithm = { name: 'AES-GCM', iv: parts.iv, additionalData: aad, tagLength: TAG_BYTES * 8 }
    const plain = await crypto.subtle.decrypt(algorithm, key, data)
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(plain) }
  } catch {
    return { shut: 'tampered' }
  }
}

function split(compact: unknown) {
  if (typeof compact !== 'string' || compact.length > COMPACT_CHARACTERS_MAX) return undefined
  const [header, encryptedKey, iv, ciphertext, tag, ...more] = compact.split('.').slice(0, 6)
  if (encryptedKey !== '' || more.length > 0) return undefined
  const bytes = {
    header: decode(header ?? '!'),
    iv: decode(iv ?? '!'),
    ciphertext: decode(ciphertext ?? '!'),
    tag: decode(tag ?? '!'),
  }
  if (!bytes.header || !bytes.iv || !bytes.ciphertext || !bytes.tag) return undefined
  if (bytes.header.length > HEADER_BYTES_MAX || bytes.ciphertext.length > CIPHERTEXT_BYTES_MAX) return undefined
  if (bytes.iv.length !== IV_BYTES || bytes.tag.length !== TAG_BYTES) return undefined
  return { header: header ?? '', iv: bytes.iv, ciphertext: bytes.ciphertext, tag: bytes.tag }
}
