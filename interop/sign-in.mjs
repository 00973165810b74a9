// A sign-in provider that is not ours, oidc-provider: a person signs in with the code flow and PKCE,
// gets a token for the cloud and another for the key server, and reads what was sealed for them.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { Provider, errors } from 'oidc-provider'
import { openBrowser } from './parts/browser.mjs'
import { startInstallation } from './parts/installation.mjs'
import { outlookOf } from './parts/outlook.mjs'
import { tell, until } from './parts/steps.mjs'
import { DAY_MS, MINUTE_MS, utc } from './parts/times.mjs'

const SUBJECT = 'Interop sign-in'
const RESOURCES = { 'urn:hybridcal:hc-api': 'hc-api', 'urn:hybridcal:hc-kms': 'hc-kms' }
const TOKEN_SECONDS = 120

await tell('sign-in', async (step, atEnd) => {
  const issued = []
  const site = await startInstallation({ log: 'info', signIn: (appUrl, people) => startProvider(appUrl, people, atEnd, issued) })
  atEnd(() => site.remove())
  atEnd(() => site.end())
  const alice = outlookOf(site.ready, 'alice')
  const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + DAY_MS
  await step('there is something to read', async () => {
    await alice('create', {
      subject: SUBJECT, start: utc(start), minutes: 30, location: 'Kitchen', html: '<p>Cup</p>', invite: 'bob@example.com',
    })
  })
  const { browser, page } = await openBrowser()
  atEnd(() => browser.close())
  const enter = async (login) => {
    await page.goto(site.ready.appUrl)
    await page.getByTestId('sign-in').click()
    await page.locator('input[name=login]').fill(login)
    await page.locator('input[name=password]').fill('any')
    await page.locator('button[type=submit]').click()
    await page.locator('button[type=submit]').click()
  }
  await step('a person signs in at a foreign provider and reads it', async () => {
    await enter('bob@example.com')
    await page.locator('[data-testid=connection][data-state=live]').waitFor()
    await page.locator('[data-testid=meeting]').filter({ hasText: SUBJECT }).waitFor()
  })
  await step('with one token for each audience', async () => {
    const audiences = await until('both', async () => issued, (seen) => new Set(seen).size === 2)
    assert.deepEqual([...new Set(audiences)].sort(), ['hc-api', 'hc-kms'])
  })
  await step('a reload needs no second sign-in', async () => {
    await page.reload()
    await page.locator('[data-testid=meeting]').filter({ hasText: SUBJECT }).waitFor()
  })
  await step('signing out ends it', async () => {
    await page.getByTestId('sign-out').click()
    await page.getByTestId('sign-in').waitFor()
    await page.reload()
    await page.getByTestId('sign-in').waitFor()
  })
  await step('the cloud never saw a token for the key server', async () => {
    await site.end()
    const wire = await readFile(`${site.folder}/wires/client-cloud`, 'latin1')
    const bearers = [...wire.matchAll(/authorization: Bearer ([^\s]+)/gi)].map(([, token]) => token)
    const audiences = bearers.map((token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).aud)
    assert.ok(audiences.length > 0)
    assert.deepEqual([...new Set(audiences)], ['hc-api'])
  })
})

async function startProvider(appUrl, people, atEnd, issued) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${server.address().port}`
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const known = (id) => people.find(({ address }) => address === id)
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'interop' }] },
    cookies: { keys: ['only for this test'] },
    clients: [{
      client_id: 'web', redirect_uris: [`${appUrl}/`], token_endpoint_auth_method: 'none', application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], id_token_signed_response_alg: 'ES256',
    }],
    clientBasedCORS: () => true,
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_context, id) => known(id) && {
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: true, name: known(id).name }),
    },
    issueRefreshToken: () => true,
    ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: TOKEN_SECONDS, RefreshToken: 3600, IdToken: 600 },
    extraTokenClaims: (_context, token) => ({ email: token.accountId, email_verified: true }),
    features: {
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => {
          if (!RESOURCES[resource]) throw new errors.InvalidTarget()
          return {
            audience: RESOURCES[resource], scope: '', accessTokenFormat: 'jwt', accessTokenTTL: TOKEN_SECONDS,
            jwt: { sign: { alg: 'ES256' } },
          }
        },
      },
    },
  })
  provider.on('access_token.issued', ({ aud }) => issued.push(aud))
  server.on('request', provider.callback())
  return issuer
}
