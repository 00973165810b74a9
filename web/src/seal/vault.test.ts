// A kept key is used until the key server says otherwise, and not beyond a day.

import { beforeEach, describe, expect, it } from 'vitest'

import type { Shut } from './open'
import { freshKey, Vault } from './vault'
import { importKey } from './vector'

const MINUTE = 60_000
const url = 'kms://kms.example.org/keys/1'

async function asked(vault: Vault, now: number, answer: CryptoKey | Shut) {
  let times = 0
  const key = await freshKey(url, 'ann', vault, now, async () => {
    times += 1
    return answer
  })
  return { key, times }
}

describe('a kept key', () => {
  let key: CryptoKey
  let vault: Vault
  beforeEach(async () => {
    key = await importKey('decrypt')
    vault = await Vault.open(0)
    expect(await asked(vault, 0, key)).toEqual({ key, times: 1 })
  })

  it('is used for ten minutes, and asked about then', async () => {
    expect(await asked(vault, 9 * MINUTE, 'key-gone')).toEqual({ key, times: 0 })
    expect(await asked(vault, 10 * MINUTE, key)).toEqual({ key, times: 1 })
    expect(await asked(vault, 11 * MINUTE, key)).toEqual({ key, times: 0 })
  })

  it.each(['key-gone', 'key-refused'] as const)('is wiped once it is %s', async (why) => {
    expect(await asked(vault, 10 * MINUTE, why)).toEqual({ key: why, times: 1 })
    expect(vault.findKey(url, 'ann', 10 * MINUTE)).toBeUndefined()
  })

  it('survives a key server that is away, for a day', async () => {
    const away = 'key-server-unreachable'
    expect(await asked(vault, 10 * MINUTE, away)).toEqual({ key, times: 1 })
    expect(await asked(vault, 11 * MINUTE, away)).toEqual({ key, times: 0 })
    expect(await asked(vault, 24 * 60 * MINUTE, away)).toEqual({ key: away, times: 1 })
  })

  it('is nobody else’s', async () => {
    expect(vault.findKey(url, 'bob', MINUTE)).toBeUndefined()
  })
})
