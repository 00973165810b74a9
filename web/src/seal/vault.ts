// What the browser keeps between visits: keys it cannot read out, and the highest revisions seen.

import type { Shut } from './open'

const KEY_LIFE_MS = 24 * 3_600_000
/** So long a key is used without asking whether it was revoked or destroyed. */
const KEY_TRUSTED_MS = 10 * 60_000
/** Older than this and not seen again, a meeting is long over. */
const REVISION_LIFE_MS = 90 * 24 * 3_600_000

interface KeptKey {
  url: string
  user: string
  key: CryptoKey
  expiresAt: number
  /** Missing in what an earlier version kept. */
  askedAt?: number
}

interface SeenRevision {
  id: string
  revision: number
  seenAt: number
}

/** Works without IndexedDB too (some private windows): then nothing outlives the page. */
export class Vault {
  #keys = new Map<string, KeptKey>()
  #revisions = new Map<string, SeenRevision>()
  #database: IDBDatabase | undefined

  static async open(now: number): Promise<Vault> {
    const vault = new Vault()
    vault.#database = await openDatabase().catch(() => undefined)
    for (const key of await vault.#all<KeptKey>('keys')) {
      if (key.expiresAt > now) vault.#keys.set(key.url, key)
      else vault.#change('keys', (store) => store.delete(key.url))
    }
    for (const seen of await vault.#all<SeenRevision>('revisions')) {
      if (seen.seenAt + REVISION_LIFE_MS > now) vault.#revisions.set(seen.id, seen)
      else vault.#change('revisions', (store) => store.delete(seen.id))
    }
    return vault
  }

  findKey(url: string, user: string, now: number): CryptoKey | undefined {
    const kept = this.#keys.get(url)
    return kept && kept.user === user && kept.expiresAt > now ? kept.key : undefined
  }

  /** Whether the key server should be asked again before it is used. */
  isDoubtful(url: string, now: number): boolean {
    return now - (this.#keys.get(url)?.askedAt ?? 0) >= KEY_TRUSTED_MS
  }

  /** The key server was away: the key is used for now. */
  trustAWhile(url: string, now: number): void {
    const kept = this.#keys.get(url)
    if (kept) kept.askedAt = now
  }

  forgetKey(url: string): void {
    this.#keys.delete(url)
    this.#change('keys', (store) => store.delete(url))
  }

  keepKey(url: string, user: string, key: CryptoKey, now: number): void {
    const kept: KeptKey = { url, user, key, expiresAt: now + KEY_LIFE_MS, askedAt: now }
    this.#keys.set(url, kept)
    this.#change('keys', (store) => store.put(kept))
  }

  highestRevision(meeting: string): number {
    return this.#revisions.get(meeting)?.revision ?? 0
  }

  saw(id: string, revision: number, now: number): void {
    if (revision <= this.highestRevision(id)) return
    const seen: SeenRevision = { id, revision, seenAt: now }
    this.#revisions.set(id, seen)
    this.#change('revisions', (store) => store.put(seen))
  }

  /**
   * Forgets every key. The revisions stay: they say nothing about anybody, and without them the
   * cloud could show an older state of a meeting after the next sign-in.
   */
  async forgetKeys(): Promise<void> {
    this.#keys.clear()
    await this.#change('keys', (store) => store.clear())
  }

  #all<T>(name: string): Promise<T[]> {
    return new Promise((resolve) => {
      const request = this.#database?.transaction(name).objectStore(name).getAll()
      if (!request) return resolve([])
      request.onsuccess = () => resolve(request.result as T[])
      request.onerror = () => resolve([])
    })
  }

  #change(name: string, what: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#database) return resolve()
      const transaction = this.#database.transaction(name, 'readwrite')
      transaction.oncomplete = transaction.onerror = transaction.onabort = () => resolve()
      what(transaction.objectStore(name))
    })
  }
}

/**
 * A kept key, asked about again from time to time. One that was revoked or destroyed is wiped; while
 * the key server is away, a kept one is good for as long as it is kept.
 */
export async function freshKey(
  url: string,
  user: string,
  vault: Vault,
  now: number,
  fetchKey: () => Promise<CryptoKey | Shut>,
): Promise<CryptoKey | Shut> {
  const kept = vault.findKey(url, user, now)
  if (kept && !vault.isDoubtful(url, now)) return kept
  const key = await fetchKey()
  if (typeof key !== 'string') {
    vault.keepKey(url, user, key, now)
    return key
  }
  if (key === 'key-gone' || key === 'key-refused') {
    vault.forgetKey(url)
    return key
  }
  if (kept) vault.trustAWhile(url, now)
  return kept ?? key
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('hybridcal', 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('keys', { keyPath: 'url' })
      request.result.createObjectStore('revisions', { keyPath: 'id' })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error('no database'))
    request.onblocked = () => reject(new Error('database blocked'))
  })
}
