// Keeps the device between visits, in IndexedDB: a key that no script can read out.

import { makeDevice, register, type Device } from './device'
import type { KeyServer } from '../seal/keys'

/** Works without IndexedDB too: then each page is a device of its own. */
export class Devices {
  #device: Device | undefined
  #registered = false
  #database: Promise<IDBDatabase | undefined> | undefined

  /** The person's device here, known to the key server; `undefined` if that is away. */
  async get(user: string, server: KeyServer, token: string): Promise<Device | undefined> {
    if (this.#device?.user !== user) {
      this.#device = (await this.#read(user)) ?? (await this.#keep(await makeDevice(user)))
      this.#registered = false
    }
    // Once per visit: the key server forgets those that have not been used for long.
    this.#registered ||= await register(this.#device, server, token)
    return this.#registered ? this.#device : undefined
  }

  async forget(): Promise<void> {
    this.#device = undefined
    this.#registered = false
    await this.#change((store) => store.clear())
  }

  async #read(user: string): Promise<Device | undefined> {
    const database = await this.#open()
    return new Promise((resolve) => {
      const request = database?.transaction('devices').objectStore('devices').get(user)
      if (!request) return resolve(undefined)
      request.onsuccess = () => resolve(request.result as Device | undefined)
      request.onerror = () => resolve(undefined)
    })
  }

  async #keep(device: Device): Promise<Device> {
    await this.#change((store) => store.put(device))
    return device
  }

  async #change(what: (store: IDBObjectStore) => void): Promise<void> {
    const database = await this.#open()
    return new Promise((resolve) => {
      if (!database) return resolve()
      const transaction = database.transaction('devices', 'readwrite')
      transaction.oncomplete = transaction.onerror = transaction.onabort = () => resolve()
      what(transaction.objectStore('devices'))
    })
  }

  #open(): Promise<IDBDatabase | undefined> {
    return (this.#database ??= openDatabase().catch(() => undefined))
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('hybridcal-device', 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('devices', { keyPath: 'user' })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error('no database'))
    request.onblocked = () => reject(new Error('database blocked'))
  })
}
