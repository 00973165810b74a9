// Signing in against a made-up provider that rotates refresh tokens and takes none twice.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Site } from '../protocol'
import { encode } from '../seal/base64url'
import { Session } from './session'

const site: Site = { organization: 'demo', kmsUrl: '', kmsHost: '', issuer: 'https://id.example.org', clientId: 'web' }
const jwt = (claims: object) => `e30.${encode(new TextEncoder().encode(JSON.stringify(claims)))}.sig`

let asked: Record<string, string>[]
let current = 0
let nonce: string | undefined
let storage: Map<string, string>
let left: URL | undefined

function answer(form: Record<string, string>): Response {
  const isRefresh = form.grant_type === 'refresh_token'
  if (isRefresh && form.refresh_token !== `refresh-${current}`) return Response.json({}, { status: 400 })
  current += 1
  return Response.json({
    access_token: jwt({ aud: form.resource, email: 'alice@example.com', turn: current }),
    refresh_token: `refresh-${current}`,
    expires_in: 600,
    ...(!isRefresh && { id_token: jwt({ iss: site.issuer, aud: site.clientId, nonce }) }),
  })
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  asked = []
  current = 0
  storage = new Map()
  left = undefined
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => storage.set(name, value),
    removeItem: (name: string) => storage.delete(name),
  })
  vi.stubGlobal('location', { origin: 'https://hc.example.org', search: '', assign: (url: URL) => void (left = url) })
  vi.stubGlobal('history', { replaceState: () => undefined })
  vi.stubGlobal('fetch', async (url: string, init: { body?: URLSearchParams }) => {
    if (url.endsWith('/.well-known/openid-configuration')) {
      const { issuer } = site
      return Response.json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` })
    }
    const form = Object.fromEntries(init.body ?? [])
    asked.push(form)
    return answer(form)
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function signIn(changes: Record<string, string> = {}): Promise<Session | undefined> {
  await Session.start(site)
  nonce = left?.searchParams.get('nonce') ?? undefined
  const state = left?.searchParams.get('state') ?? ''
  location.search = `?${new URLSearchParams({ code: 'c', state, ...changes })}`
  return Session.find(site)
}

describe('a sign-in', () => {
  it('asks with PKCE and gets one token per audience', async () => {
    const session = await signIn()
    expect(Object.fromEntries(left?.searchParams ?? [])).toMatchObject({
      response_type: 'code',
      scope: 'openid email offline_access',
      code_challenge_method: 'S256',
      redirect_uri: 'https://hc.example.org/',
    })
    expect(session?.person.address).toBe('alice@example.com')
    await session?.token('hc-api')
    await Promise.all([session?.token('hc-kms'), session?.token('hc-kms')])
    expect(asked.map((form) => [form.grant_type, form.resource])).toEqual([
      ['authorization_code', 'urn:hybridcal:hc-api'],
      ['refresh_token', 'urn:hybridcal:hc-kms'],
    ])
    expect(left?.searchParams.getAll('resource')).toEqual(['urn:hybridcal:hc-api', 'urn:hybridcal:hc-kms'])
  })

  it('uses each refresh token once, also when both tokens end together', async () => {
    const session = await signIn()
    await session?.token('hc-kms')
    vi.setSystemTime(Date.now() + 545_000)
    await Promise.all([session?.token('hc-api'), session?.token('hc-kms'), session?.renew('hc-api')])
    expect(storage.get('hybridcal.refresh')).toBe(`refresh-${current}`)
  })

  it('survives a reload and ends with the sign-out', async () => {
    await signIn()
    location.search = ''
    const again = await Session.find(site)
    expect(again?.person.address).toBe('alice@example.com')
    again?.end()
    expect([...storage.keys()]).toEqual([])
    expect(await Session.find(site)).toBeUndefined()
    await expect(again?.token('hc-api')).rejects.toThrow('refused')
  })

  it.each([{ state: 'other' }, { iss: 'https://evil.example' }, { code: '' }])('is refused with %o', async (changes) => {
    await expect(signIn(changes)).rejects.toThrow('refused')
    expect(asked).toEqual([])
  })

  it('is refused with the nonce of another', async () => {
    await Session.start(site)
    nonce = 'other'
    location.search = `?${new URLSearchParams({ code: 'c', state: left?.searchParams.get('state') ?? '' })}`
    await expect(Session.find(site)).rejects.toThrow('refused')
    expect(storage.has('hybridcal.refresh')).toBe(false)
  })
})
