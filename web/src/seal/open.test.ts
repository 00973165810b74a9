// Opening a sealed text: the normative vector, and everything that must stay shut.

import { describe, expect, it } from 'vitest'
import { decode } from './base64url'
import { open } from './open'
import { context, header, keyHost, type SealedPlace } from './place'
import { contextHex, importKey, jwe, place } from './vector'

const cx = async (at: SealedPlace) => {
  const json = new TextDecoder().decode(decode(await header(at)))
  return (JSON.parse(json) as { cx: string }).cx
}

describe('the protected header', () => {
  it('follows from the place, as the vector says', async () => {
    const hex = Array.from(context(place), (byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(hex).toBe(contextHex)
    expect(await cx(place)).toBe('ZQMu7gv3alz3GmwgNNGzDQ')
    expect(await cx({ ...place, field: 'encryptedLocation' })).toBe('DbxJixkCVMzlH1LiXEZPwQ')
    expect(await cx({ ...place, revision: place.revision + 1 })).toBe('8ZJ-IwZWjifJx7FQuetTrw')
  })

  it('names a key of a host', () => {
    expect(keyHost(place.keyUrl)).toBe('kms.example.org')
    for (const odd of ['', 'https://kms.example.org/keys/5f0c8a52-3d1b-4b8e-9a44-0d6a7f3f2b10', `${place.keyUrl}"`, `${place.keyUrl}\n`]) {
      expect(keyHost(odd)).toBeUndefined()
    }
  })
})

describe('a sealed text', () => {
  const check = async (compact: unknown, at: SealedPlace = place) => open(compact, await importKey('decrypt'), at)

  it('opens where it was sealed for', async () => {
    expect(await check(jwe)).toEqual({ text: 'Budget review' })
  })

  const elsewhere: Partial<SealedPlace>[] = [
    { organization: 'org-2' },
    { user: 'user-2' },
    { meeting: 'meeting-2' },
    { field: 'encryptedLocation' },
    { revision: place.revision + 1 },
    { schema: 2 },
    { keyUrl: place.keyUrl.replace('10', '11') },
    // The same bytes, cut differently.
    { organization: 'org-1user', user: '-1' },
  ]
  it.each(elsewhere)('stays shut elsewhere: %o', async (other) => {
    expect(await check(jwe, { ...place, ...other })).toEqual({ shut: 'tampered' })
  })

  const [head, , iv, ciphertext, tag] = jwe.split('.') as [string, string, string, string, string]
  const altered: [string, unknown][] = [
    ['no text', undefined],
    ['empty', ''],
    ['four segments', [head, '', iv, ciphertext].join('.')],
    ['six segments', `${jwe}.`],
    ['an encrypted key', [head, 'AA', iv, ciphertext, tag].join('.')],
    ['a long nonce', [head, '', `${iv}AAAA`, ciphertext, tag].join('.')],
    ['a short tag', [head, '', iv, ciphertext, tag.slice(0, 16)].join('.')],
    ['another tag', [head, '', iv, ciphertext, `A${tag.slice(1)}`].join('.')],
    ['stray bits', [head, '', iv, ciphertext, `${tag.slice(0, -1)}B`].join('.')],
    ['padding', `${jwe}==`],
    ['another ciphertext', [head, '', iv, `A${ciphertext.slice(1)}`, tag].join('.')],
    ['far too much', [head, '', iv, 'A'.repeat(70_000), tag].join('.')],
  ]
  it.each(altered)('stays shut with %s', async (_, compact) => {
    expect(await check(compact)).toEqual({ shut: 'tampered' })
  })

  it('stays shut under another key', async () => {
    const other = await crypto.subtle.importKey('raw', new Uint8Array(32), 'AES-GCM', false, ['decrypt'])
    expect(await open(jwe, other, place)).toEqual({ shut: 'tampered' })
  })
})
