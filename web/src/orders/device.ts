// This browser's own key: it signs orders, cannot be read out, and stays until the person signs out.

import { ask, type KeyServer } from '../seal/keys'
import { encode } from '../seal/base64url'

export interface Device {
  user: string
  /** Thumbprint of the public key (RFC 7638). */
  id: string
  publicKey: DeviceKey
  privateKey: CryptoKey
}

export interface DeviceKey {
  kty: string
  crv: string
  x: string
  y: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }

export async function makeDevice(user: string): Promise<Device> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])
  const { kty = '', crv = '', x = '', y = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const publicKey = { kty, crv, x, y }
  return { user, id: await thumbprint(publicKey), publicKey, privateKey: pair.privateKey }
}

export async function thumbprint({ kty, crv, x, y }: DeviceKey): Promise<string> {
  const json = JSON.stringify({ crv, kty, x, y })
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(json))))
}

/** A signature as JWS has it: r and s, 32 bytes each. */
export async function signature(device: Device, text: string): Promise<string> {
  const bytes = await crypto.subtle.sign(SIGNATURE, device.privateKey, new TextEncoder().encode(text))
  return encode(new Uint8Array(bytes))
}

/**
 * Has the key server know the public half, under the person's token for keys. The cloud has no such
 * token, so it cannot bring a device of its own. Whether it worked.
 */
export async function register(device: Device, server: KeyServer, token: string): Promise<boolean> {
  const request = { method: 'create', uri: `kms://${server.kmsHost}/devices`, deviceKey: device.publicKey }
  const answer = await ask(server, device.user, token, request).catch(() => undefined)
  return answer?.status === 200
}
