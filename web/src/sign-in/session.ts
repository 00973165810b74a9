// Who is signed in, and the tokens for the two audiences that must not see each other's.

import type { Site } from '../protocol'
import { askToken, claims, discover, isSameIssuer, SignInFailure, type Discovery, type TokenAnswer } from './issuer'
import { challenge, random } from './pkce'

export type Audience = 'hc-api' | 'hc-kms'

export interface Person {
  address: string
  name: string | undefined
}

interface AccessToken {
  text: string
  renewAt: number
}

/** Renewed this long before the end, so that none ends on its way. */
const RENEW_BEFORE_MS = 60_000
const LIFE_UNSTATED_SECONDS = 300

/**
 * Access tokens live in memory only. The refresh token is kept in sessionStorage, or every reload
 * of the page would be a new sign-in; it ends with the tab, and no other tab or origin reads it.
 */
const REFRESH = 'hybridcal.refresh'
const PENDING = 'hybridcal.sign-in'

export class Session {
  #tokens = new Map<Audience, AccessToken>()
  #refreshToken: string
  /** The provider rotates refresh tokens: two requests at once would use one of them twice. */
  #queue: Promise<unknown> = Promise.resolve()
  #ended = false

  private constructor(
    private readonly site: Site,
    private readonly discovery: Discovery,
    readonly person: Person,
    first: { audience: Audience; answer: TokenAnswer; refreshToken: string },
  ) {
    this.#refreshToken = first.refreshToken
    this.#keep(first.audience, first.answer)
  }

  /** Leaves the page for the provider's. */
  static async start(site: Site): Promise<void> {
    const { authorization_endpoint } = await discover(site)
    const [state, nonce, verifier] = [random(), random(), random()]
    sessionStorage.setItem(PENDING, JSON.stringify({ state, nonce, verifier }))
    const url = new URL(authorization_endpoint)
    const parameters = {
      response_type: 'code',
      client_id: site.clientId,
      redirect_uri: redirectUri(),
      scope: 'openid email offline_access',
      state,
      nonce,
      code_challenge: await challenge(verifier),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    // What may be asked for later with the refresh token has to be named now.
    for (const audience of ['hc-api', 'hc-kms'] as const) url.searchParams.append('resource', resource(audience))
    location.assign(url)
  }

  /** From the provider's answer in the address, or from before a reload; `undefined`: nobody yet. */
  static async find(site: Site): Promise<Session | undefined> {
    const answer = new URLSearchParams(location.search)
    if (answer.has('code') || answer.has('error')) {
      history.replaceState(null, '', '/')
      return Session.#fromCode(site, answer)
    }
    const refreshToken = sessionStorage.getItem(REFRESH)
    return refreshToken === null ? undefined : Session.#fromRefresh(site, refreshToken)
  }

  static async #fromCode(site: Site, parameters: URLSearchParams): Promise<Session> {
    const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? '{}') as Record<string, string>
    sessionStorage.removeItem(PENDING)
    const [code, state, issuer] = [parameters.get('code'), parameters.get('state'), parameters.get('iss')]
    if (!code || !pending.verifier || state !== pending.state) throw new SignInFailure('refused')
    if (issuer !== null && !isSameIssuer(issuer, site.issuer)) throw new SignInFailure('refused')
    const discovery = await discover(site)
    const answer = await askToken(discovery, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri(),
      client_id: site.clientId,
      code_verifier: pending.verifier,
      resource: resource('hc-api'),
    })
    const identity = claims(answer.id_token)
    const audiences = [identity.aud].flat()
    const isOurs = isSameIssuer(identity.iss, site.issuer) && audiences.includes(site.clientId) && identity.nonce === pending.nonce
    if (!isOurs || !answer.refresh_token) throw new SignInFailure('refused')
    return Session.#begin(site, discovery, answer, answer.refresh_token)
  }

  static async #fromRefresh(site: Site, refreshToken: string): Promise<Session> {
    const discovery = await discover(site)
    try {
      const answer = await askToken(discovery, refreshForm(site, refreshToken, 'hc-api'))
      return Session.#begin(site, discovery, answer, answer.refresh_token ?? refreshToken)
    } catch (failure) {
      if (failure instanceof SignInFailure && failure.trouble === 'refused') sessionStorage.removeItem(REFRESH)
      throw failure
    }
  }

  static #begin(site: Site, discovery: Discovery, answer: TokenAnswer, refreshToken: string): Session {
    const said = { ...claims(answer.access_token), ...claims(answer.id_token) }
    if (!said.email) throw new SignInFailure('refused')
    const person = { address: said.email, name: said.name }
    return new Session(site, discovery, person, { audience: 'hc-api', answer, refreshToken })
  }

  async token(audience: Audience): Promise<string> {
    return this.#find(audience) ?? this.#inTurn(async () => this.#find(audience) ?? this.#refresh(audience))
  }

  /** A new token even if the old one looks good: the other side refused it. */
  async renew(audience: Audience): Promise<string> {
    this.#tokens.delete(audience)
    return this.token(audience)
  }

  /** Forgets everything, here and (if it can be reached) at the provider. */
  end(): void {
    this.#ended = true
    this.#tokens.clear()
    sessionStorage.removeItem(REFRESH)
    const { revocation_endpoint } = this.discovery
    if (!revocation_endpoint) return
    const body = new URLSearchParams({ token: this.#refreshToken, client_id: this.site.clientId })
    fetch(revocation_endpoint, { method: 'POST', body, keepalive: true, credentials: 'omit' }).catch(() => undefined)
  }

  #inTurn<T>(what: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(what)
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #refresh(audience: Audience): Promise<string> {
    if (this.#ended) throw new SignInFailure('refused')
    const answer = await askToken(this.discovery, refreshForm(this.site, this.#refreshToken, audience))
    if (this.#ended) throw new SignInFailure('refused')
    this.#refreshToken = answer.refresh_token ?? this.#refreshToken
    this.#keep(audience, answer)
    return answer.access_token
  }

  #find(audience: Audience): string | undefined {
    const token = this.#tokens.get(audience)
    return token && token.renewAt > Date.now() ? token.text : undefined
  }

  #keep(audience: Audience, answer: TokenAnswer): void {
    const lifeMs = (answer.expires_in ?? LIFE_UNSTATED_SECONDS) * 1_000
    const renewAt = Date.now() + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 2)
    this.#tokens.set(audience, { text: answer.access_token, renewAt })
    sessionStorage.setItem(REFRESH, this.#refreshToken)
  }
}

/** The audience as RFC 8707 wants it: an absolute URI. */
function resource(audience: Audience): string {
  return `urn:hybridcal:${audience}`
}

function refreshForm(site: Site, refreshToken: string, audience: Audience): Record<string, string> {
  return { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: site.clientId, resource: resource(audience) }
}

function redirectUri(): string {
  return `${location.origin}/`
}
