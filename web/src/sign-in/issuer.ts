// The organization's sign-in provider: where it is, and what it gives for what.

import type { Site } from '../protocol'
import { decode } from '../seal/base64url'

const ANSWER_DEADLINE_MS = 15_000

export interface Discovery {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  revocation_endpoint?: string
}

export interface TokenAnswer {
  access_token: string
  expires_in?: number
  refresh_token?: string
  id_token?: string
}

/** `refused`: the provider said no. `unreachable`: try again later. */
export class SignInFailure extends Error {
  constructor(readonly trouble: 'refused' | 'unreachable') {
    super(trouble)
  }
}

/** A bare origin is written with and without its slash; nothing else may differ. */
export function isSameIssuer(one: unknown, other: string): boolean {
  return typeof one === 'string' && one.replace(/\/$/, '') === other.replace(/\/$/, '')
}

export async function discover(site: Site): Promise<Discovery> {
  const found = (await ask(`${site.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)) as Discovery
  // Another issuer's document would send the person, and later the code, elsewhere.
  const endpoints = [found.authorization_endpoint, found.token_endpoint]
  if (!isSameIssuer(found.issuer, site.issuer) || !endpoints.every(isSafe)) throw new SignInFailure('refused')
  return found
}

export async function askToken(discovery: Discovery, form: Record<string, string>): Promise<TokenAnswer> {
  const answer = (await ask(discovery.token_endpoint, form)) as TokenAnswer
  if (typeof answer.access_token !== 'string') throw new SignInFailure('refused')
  return answer
}

export interface Claims {
  iss?: string
  aud?: string | string[]
  nonce?: string
  email?: string
  name?: string
}

/** What a token says. It came straight from the provider, so its signature adds nothing here. */
export function claims(token: string | undefined): Claims {
  const payload = decode(token?.split('.')[1] ?? '')
  if (!payload) return {}
  try {
    return JSON.parse(new TextDecoder().decode(payload)) as Claims
  } catch {
    return {}
  }
}

async function ask(url: string, form?: Record<string, string>): Promise<unknown> {
  const post = form ? { method: 'POST', body: new URLSearchParams(form) } : {}
  const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS)
  const request = fetch(url, { ...post, credentials: 'omit', redirect: 'error', cache: 'no-store', signal })
  const response = await request.catch(() => {
    throw new SignInFailure('unreachable')
  })
  if (response.status >= 500 || response.status === 429) throw new SignInFailure('unreachable')
  if (!response.ok) throw new SignInFailure('refused')
  return response.json().catch(() => {
    throw new SignInFailure('unreachable')
  })
}

function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)
}
