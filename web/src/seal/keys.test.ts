// A key is believed only if it is the one asked for and is what it claims to be.

import { describe, expect, it } from 'vitest'
import type { KeyAnswer } from '../protocol'
import { encode } from './base64url'
import { checkValue, fetchKey, readAnswer } from './keys'
import { keyBytes, keyCheckValue, place } from './vector'

type Key = NonNullable<KeyAnswer['key']>
const good: Key = { uri: place.keyUrl, jwk: { kty: 'oct', kid: place.keyUrl, k: encode(keyBytes) }, kcv: keyCheckValue }
const check = (key: Key, status = 200) => readAnswer(place.keyUrl, { status, key })

describe('an answer of the key server', () => {
  it('has the check value of the vector', async () => {
    expect(await checkValue(keyBytes)).toBe(keyCheckValue)
  })

  it('becomes a key that cannot be read out', async () => {
    const key = await check(good)
    if (typeof key === 'string') throw new Error(key)
    expect(key.extractable).toBe(false)
    expect(key.usages).toEqual(['decrypt'])
  })

  const other = place.keyUrl.replace('kms.example.org', 'kms.example.net')
  const bad: [string, Key][] = [
    ['another address', { ...good, uri: other }],
    ['another kid', { ...good, jwk: { ...good.jwk, kid: other } }],
    ['another type', { ...good, jwk: { ...good.jwk, kty: 'RSA' } }],
    ['a short key', { ...good, jwk: { ...good.jwk, k: encode(keyBytes.subarray(1)) } }],
    ['another check value', { ...good, kcv: '0000000000000000' }],
  ]
  it.each(bad)('is refused with %s', async (_, key) => {
    expect(await check(key)).toBe('tampered')
  })

  it.each([
    [403, 'key-refused'],
    [404, 'key-refused'],
    [410, 'key-gone'],
    [503, 'key-server-unreachable'],
  ])('of status %i means %s', async (status, why) => {
    expect(await readAnswer(place.keyUrl, { status })).toBe(why)
  })

  it('is not even asked for at another realm', async () => {
    const server = { kmsUrl: 'https://kms.invalid', kmsHost: 'kms.example.net', clientId: 'web' }
    expect(await fetchKey(place.keyUrl, server, 'user', 'token')).toBe('tampered')
  })
})
