// Foreign clients of the key server, through the cloud: npm's node-kms speaks the published
// protocol, npm's node-jose and WebCrypto open what our connector sealed.

import assert from 'node:assert/strict'
import { X509Certificate, webcrypto } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import KMS from 'node-kms'
import jose from 'node-jose'
import { KeyPerson } from './parts/keys.mjs'
import { startDemo } from './parts/program.mjs'
import { tell, until } from './parts/steps.mjs'

const SEALED = /^[\w-]+\.\.[\w-]+\.[\w-]*\.[\w-]+$/
const STREAM_DEADLINE_MS = 20_000
/** The sample calendar has more; fewer would mean that next to nothing was looked at. */
const FIELDS_MIN = 20

/** Every sealed text in an answer of the cloud. */
function sealedIn(value) {
  if (typeof value === 'string') return SEALED.test(value) ? [value] : []
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(sealedIn)
}

const bytes = (text) => Buffer.from(text, 'base64url')

async function openByWebCrypto(jwk, sealed) {
  const [header, , iv, text, tag] = sealed.split('.')
  const key = await webcrypto.subtle.importKey('raw', bytes(jwk.k), 'AES-GCM', false, ['decrypt'])
  const how = { name: 'AES-GCM', iv: bytes(iv), additionalData: Buffer.from(header), tagLength: 128 }
  return Buffer.from(await webcrypto.subtle.decrypt(how, key, Buffer.concat([bytes(text), bytes(tag)])))
}

async function openByJose(jwk, sealed) {
  const store = jose.JWK.createKeyStore()
  await store.add(jwk)
  const { plaintext } = await jose.JWE.createDecrypt(store).decrypt(sealed)
  return plaintext
}

await tell('interop: keys', async (step, atEnd) => {
  const folder = mkdtempSync(join(tmpdir(), 'hybridcal-interop-'))
  atEnd(() => rmSync(folder, { recursive: true }))
  const program = await startDemo('--data', folder)
  atEnd(() => program.end())
  const [alice, bob] = ['alice', 'bob'].map((user) => new KeyPerson(program, user))

  await step('the cloud passes on how the key server introduces itself', async () => {
    const site = await alice.meet()
    await bob.meet()
    const jwk = JSON.parse(site.rsaPublicKey)
    const host = new URL(jwk.kid.replace(/^kms:/, 'http:')).hostname
    assert.equal(`kms://${host}`, site.kmsCluster)
    const certificate = new X509Certificate(Buffer.from(jwk.x5c[0], 'base64'))
    const root = new X509Certificate(readFileSync(join(folder, 'channel', 'root.pem')))
    assert.equal(certificate.subjectAltName, `DNS:${host}`)
    assert.ok(certificate.checkIssued(root) && certificate.verify(root.publicKey))
    const { kty, n, e } = certificate.publicKey.export({ format: 'jwk' })
    assert.deepEqual({ kty, n, e }, { kty: jwk.kty, n: jwk.n, e: jwk.e })
  })
  const aliceId = await step('node-kms: handshake', async () => {
    const response = await alice.shakeHands()
    await bob.shakeHands()
    return response.body.key.userId
  })
  await step('node-kms: ping', async () => {
    assert.equal((await alice.ask('update', '/ping')).status, 200)
  })
  const keys = await step('node-kms: keys are made', async () => {
    const { status, body } = await alice.ask('create', '/keys', { count: 3 })
    assert.equal(status, 201)
    const made = body.keys.map((key) => KMS.KeyObject.fromObject(key))
    assert.equal(made.length, 3)
    for (const key of made) {
      assert.equal((await key.asKey()).length, 256)
      assert.equal(key.jwk.kid, key.uri)
      assert.equal(key.userId, aliceId)
      assert.ok(key.expirationDate > new Date() && !key.bindDate)
    }
    assert.equal((await alice.ask('retrieve', made[0].uri)).body.key.jwk.k, made[0].jwk.k)
    assert.equal((await bob.ask('retrieve', made[0].uri)).status, 404)
    return made
  })
  const resource = await step('node-kms: a resource is made with a key bound to it', async () => {
    const { status, body } = await alice.ask('create', '/resources', { keyUris: [keys[0].uri], userIds: [aliceId] })
    assert.equal(status, 201)
    assert.deepEqual(body.resource.keyUris, [keys[0].uri])
    return body.resource.uri
  })
  await step('node-kms: a key is bound, again without harm, and never to another resource', async () => {
    const bind = (resourceUri) => alice.ask('update', keys[1].uri, { resourceUri })
    const first = await bind(resource)
    assert.deepEqual([first.status, first.body.key.resourceUri], [200, resource])
    assert.equal((await bind(resource)).status, 200)
    const other = (await alice.ask('create', '/resources', { keyUris: [], userIds: [] })).body.resource.uri
    assert.equal((await bind(other)).status, 409)
    const listed = await alice.ask('retrieve', `${resource}/keys?count=10`)
    assert.deepEqual(listed.body.keys.map((key) => key.uri).sort(), [keys[0].uri, keys[1].uri].sort())
  })
  await step('node-kms: an authorization lets somebody else have the keys, until it is withdrawn', async () => {
    const bobId = (await bob.shakeHands()).body.key.userId
    const status = async () => (await bob.ask('retrieve', keys[1].uri)).status
    assert.equal(await status(), 404)
    const given = await alice.ask('create', '/authorizations', { resourceUri: resource, userIds: [bobId] })
    assert.deepEqual([given.status, given.body.authorizations[0].authId], [201, bobId])
    assert.equal(await status(), 200)
    const shown = await bob.ask('retrieve', `${resource}/authorizations`)
    assert.equal(shown.body.authorizations.length, 2)
    assert.equal((await alice.ask('delete', `${resource}/authorizations?authId=${bobId}`)).status, 200)
    assert.equal(await status(), 404)
  })
  await step('node-kms: an answer comes on the event stream', async () => {
    const { id, frame } = await alice.wrap('update', '/ping')
    const frames = await alice.framesFromStream(AbortSignal.timeout(STREAM_DEADLINE_MS), async () => {
      assert.equal((await alice.post([frame])).status, 202)
    })
    const response = await alice.open(frames[0])
    assert.deepEqual([response.status, response.requestId], [200, id])
  })
  await step('an altered frame gets no answer, a repeated one the same', async () => {
    const { frame } = await alice.wrap('create', '/keys')
    const at = frame.length - 30
    const altered = frame.slice(0, at) + (frame[at] === 'A' ? 'B' : 'A') + frame.slice(at + 1)
    const answer = await alice.post([altered], 'wait=5')
    assert.deepEqual((await answer.json()).kmsMessages, [])
    assert.equal(await alice.send(frame), await alice.send(frame))
  })
  await step('node-kms: a channel that nobody knows is reset, and begun again', async () => {
    const known = alice.context.ephemeralKey.toJSON()
    const uri = known.uri.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000')
    alice.context.ephemeralKey = { ...known, uri, jwk: { ...known.jwk, kid: uri } }
    const { frame } = await alice.wrap('update', '/ping')
    const reset = await alice.send(frame)
    assert.equal(reset.split('.').length, 3)
    const response = await alice.open(reset)
    assert.deepEqual([response.status, response.body.uri], [499, uri])
    await alice.shakeHands()
    assert.equal((await alice.ask('update', '/ping')).status, 200)
  })
  await step('node-jose and WebCrypto open every field of the calendar, and agree', async () => {
    const list = () => alice.fetch('/calendar/api/v1/calendarEvents').then((answer) => answer.json())
    const { items } = await until('sealed meetings', list, ({ items }) => items.flatMap(sealedIn).length >= FIELDS_MIN)
    const jwks = new Map()
    let opened = 0
    for (const meeting of items) {
      const url = meeting.encryptionKeyUrl
      if (!jwks.has(url)) jwks.set(url, (await alice.ask('retrieve', url)).body.key.jwk)
      for (const sealed of sealedIn(meeting)) {
        const texts = await Promise.all([openByJose(jwks.get(url), sealed), openByWebCrypto(jwks.get(url), sealed)])
        assert.ok(texts[0].equals(texts[1]))
        opened += 1
      }
    }
    assert.ok(opened >= FIELDS_MIN)
    const [one, other] = items.flatMap(sealedIn)
    const swapped = [other.split('.')[0], ...one.split('.').slice(1)].join('.')
    const [jwk] = jwks.values()
    await assert.rejects(openByWebCrypto(jwk, swapped))
    await assert.rejects(openByJose(jwk, swapped))
    console.log(`      ${opened} fields of ${items.length} meetings`)
  })
})
