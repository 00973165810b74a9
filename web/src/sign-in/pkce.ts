// What a browser needs to prove that the code it brings is the one it asked for (RFC 7636).

import { encode } from '../seal/base64url'

export function random(): string {
  return encode(crypto.getRandomValues(new Uint8Array(32)))
}

export async function challenge(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  return encode(new Uint8Array(hash))
}
