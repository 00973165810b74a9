// What we sign, checked by another implementation: Node's. The samples are those that our own tests
// compare our output with, to the letter.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tell } from './parts/steps.mjs'

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const VECTORS = 'crates/conference/src/jitsi/tests'

await tell('signatures', async (step) => {
  await step('the example of a webhook bears two right signatures', () => {
    const page = read('docs/api/webhook.md')
    const block = (name) => page.split(`\`\`\`${name}\n`)[1].split('\n```')[0]
    const headers = Object.fromEntries(block('headers').split('\n').map((line) => line.split(': ')))
    const secrets = block('secrets').split('\n').map(keyOf)
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${block('body')}`
    const expected = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
    assert.deepEqual(headers['webhook-signature'].split(' '), expected)
    assert.equal(Number(headers['webhook-timestamp']) * 1000, Date.parse(JSON.parse(block('body')).time))
  })
  const vectors = JSON.parse(read(`${VECTORS}/vectors.json`))
  await step('a Jitsi token by a shared secret is right', () => {
    const { signed, signature, claims, header } = parts(vectors.hs256.token)
    const expected = createHmac('sha256', vectors.hs256.secret).update(signed).digest()
    assert.ok(timingSafeEqual(expected, signature))
    assert.deepEqual([header.alg, header.kid, claims], ['HS256', 'key-1', vectors.claims])
  })
  await step('a Jitsi token by a private key is right, and says what it must', () => {
    const { signed, signature, claims, header } = parts(vectors.rs256.token)
    const key = createPublicKey(read(`${VECTORS}/${vectors.rs256.publicKeyFile}`))
    assert.ok(verify('sha256', Buffer.from(signed), key, signature))
    assert.equal(header.alg, 'RS256')
    const { iss, aud, sub, room, exp, iat, context } = claims
    assert.deepEqual([iss, aud, sub, exp - iat], ['hybridcal', 'jitsi', 'meet.example.com', 3600])
    assert.match(room, /^[a-z2-7]{32}$/)
    assert.ok(Object.values(context.user).every((value) => typeof value === 'string'))
  })
})

function keyOf(secret) {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
}

function parts(token) {
  const [header, claims, signature] = token.split('.').map((part) => Buffer.from(part, 'base64url'))
  const signed = token.slice(0, token.lastIndexOf('.'))
  return { signed, signature, header: JSON.parse(header), claims: JSON.parse(claims) }
}
