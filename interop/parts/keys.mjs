// A person with the npm package node-kms, unmodified, and frames through the cloud.

import KMS from 'node-kms'
import { until } from './steps.mjs'

const CLIENT_ID = 'interop'

/** Somebody who speaks the published key protocol. */
export class KeyPerson {
  constructor(program, user) {
    const person = program.ready.people.find((known) => known.user === user)
    this.cloud = program.ready.cloudUrl
    this.token = person.token
    this.context = new KMS.Context()
    this.context.clientInfo = { clientId: CLIENT_ID, credential: { bearer: person.keyToken } }
  }

  async fetch(path, options = {}) {
    const headers = { authorization: `Bearer ${this.token}`, ...options.headers }
    return fetch(new URL(path, this.cloud), { ...options, headers })
  }

  /** How the key server introduces itself; it connects to the cloud a moment after both started. */
  async meet() {
    const path = '/encryption/kms/me'
    const answer = await until('a key server', () => this.fetch(path), (seen) => seen.status === 200)
    this.site = await answer.json()
    this.context.serverInfo = { key: JSON.parse(this.site.rsaPublicKey) }
    return this.site
  }

  post(frames, prefer) {
    const body = JSON.stringify({ destination: this.site.kmsCluster, kmsMessages: frames })
    const headers = { 'content-type': 'application/json', ...(prefer && { prefer }) }
    return this.fetch('/encryption/kms/messages', { method: 'POST', headers, body })
  }

  async send(frame) {
    const answer = await this.post([frame], 'wait=5')
    if (answer.status !== 200) throw new Error(`the cloud answers ${answer.status}`)
    const { kmsMessages } = await answer.json()
    if (kmsMessages.length !== 1) throw new Error(`${kmsMessages.length} frames came back`)
    return kmsMessages[0]
  }

  async open(frame) {
    const response = new KMS.Response(frame)
    await response.unwrap(this.context)
    return response
  }

  async shakeHands() {
    this.context.ephemeralKey = await this.context.createECDHKey()
    const jwk = (await this.context.ephemeralKey.asKey()).toJSON()
    const request = new KMS.Request({ method: 'create', uri: `${this.site.kmsCluster}/ecdhe`, jwk })
    const response = await this.open(await this.send(await request.wrap(this.context, { serverKey: true })))
    if (response.status !== 201) throw new Error(`the handshake was answered ${response.status}: ${response.reason}`)
    if (response.requestId !== request.requestId) throw new Error('an answer to something else')
    this.context.ephemeralKey = await this.context.deriveEphemeralKey(response.body.key)
    return response
  }

  async wrap(method, uri, more = {}) {
    const request = new KMS.Request({ method, uri, ...more })
    return { id: await request.wrap(this.context).then(() => request.requestId), frame: request.wrapped }
  }

  /** The answer, whatever its status. */
  async ask(method, uri, more) {
    const { id, frame } = await this.wrap(method, uri, more)
    const response = await this.open(await this.send(frame))
    if (response.requestId !== id) throw new Error('an answer to something else')
    return response
  }

  /** The next answers of the key server on the event stream. */
  async framesFromStream(signal, whenOpen) {
    const stream = await this.fetch('/calendar/api/v1/events', { signal })
    await whenOpen()
    let text = ''
    for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (const block of text.split('\n\n').slice(0, -1)) {
        if (!block.includes('event: encryption.kms_message')) continue
        const data = block.split('\n').find((line) => line.startsWith('data: '))
        return JSON.parse(data.slice(6)).data.encryption.kmsMessages
      }
      const end = text.lastIndexOf('\n\n')
      if (end >= 0) text = text.slice(end + 2)
    }
    throw new Error('the stream ended')
  }
}
