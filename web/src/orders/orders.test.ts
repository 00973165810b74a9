// An order is sealed for one place, signed as a whole, and says what was asked for.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { decode } from '../seal/base64url'
import { open } from '../seal/open'
import { importKey, keyBytes, keyCheckValue, place as meetingPlace } from '../seal/vector'
import { encode } from '../seal/base64url'
import { fetchCommandKey } from './command-key'
import { makeDevice, register, thumbprint } from './device'
import { Devices } from './devices'
import { makeOrder, type Order, type Wish } from './order'
import { orderHeader, type OrderPlace } from './place'
import { seal } from './seal'

const place: OrderPlace = {
  organization: 'org-1',
  user: 'user-1',
  idempotencyKey: '0b6f3c1e-8a55-4f0d-9d8e-2f6f0c7a1b11',
  field: 'subject',
  sentAtMs: 1767225600000,
  keyUrl: meetingPlace.keyUrl,
}
const vector =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoia21zOi8va21zLmV4YW1wbGUub3JnL2tleXMvNWYwYzhhNTItM2QxYi00YjhlLTlhNDQtMGQ2YTdmM2YyYjEwIiwiaGMiOiIxIiwiY3giOiJGYVBKd1pCNG5xa2RyZ0x1RGNuUFBBIn0..AAECAwQFBgcICQoL.BXeyfKCR4mnoN_7uxg.SKh5nW_V9pSxxzoTbsQGVQ'
const server = { kmsUrl: 'https://kms.invalid', kmsHost: 'kms.example.org', clientId: 'web' }

function said(order: Order): Record<string, unknown> {
  const payload = decode(order.body.payload) ?? new Uint8Array()
  return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>
}

afterEach(() => vi.unstubAllGlobals())

describe('a sealed text of an order', () => {
  it('is the one of the vector', async () => {
    const iv = Uint8Array.from({ length: 12 }, (_, index) => index)
    expect(await seal('Budget review', await importKey('encrypt'), place, iv)).toBe(vector)
  })

  it.each<[string, Partial<OrderPlace>]>([
    ['field', { field: 'location' }],
    ['order', { idempotencyKey: '1b6f3c1e-8a55-4f0d-9d8e-2f6f0c7a1b11' }],
    ['time', { sentAtMs: 1767225600001 }],
    ['person', { user: 'user-2' }],
    ['organization', { organization: 'org-2' }],
  ])('belongs to one %s', async (_, other) => {
    expect(await orderHeader({ ...place, ...other })).not.toBe(await orderHeader(place))
  })

  it('does not open as a text of a meeting', async () => {
    const sealed = await seal('Budget', await importKey('encrypt'), place)
    const asMeeting = { ...meetingPlace, meeting: place.idempotencyKey, field: 'subject' }
    expect(await open(sealed, await importKey('decrypt'), asMeeting)).toEqual({ shut: 'tampered' })
  })

  it('is never longer than may be opened', async () => {
    const key = await importKey('encrypt')
    await expect(seal('x'.repeat(48 * 1024 + 1), key, place)).rejects.toThrow(RangeError)
  })
})

describe('a device', () => {
  it('has a key that cannot be read out, under its thumbprint', async () => {
    const device = await makeDevice('user-1')
    expect(device.privateKey.extractable).toBe(false)
    expect(device.id).toBe(await thumbprint(device.publicKey))
    const known = {
      kty: 'EC',
      crv: 'P-256',
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    }
    expect(await thumbprint(known)).toBe('cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s')
  })

  it('is registered under the token for keys, once per visit', async () => {
    const requests: Record<string, unknown>[] = []
    vi.stubGlobal('fetch', (_: string, { body }: { body: string }) => {
      requests.push(JSON.parse(body) as Record<string, unknown>)
      return Promise.resolve(new Response(JSON.stringify({ status: 200 })))
    })
    const devices = new Devices()
    const first = await devices.get('user-1', server, 'token')
    expect(await devices.get('user-1', server, 'token')).toBe(first)
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({
      method: 'create',
      uri: 'kms://kms.example.org/devices',
      deviceKey: first?.publicKey,
      client: { credential: { userId: 'user-1', bearer: 'token' } },
    })
    expect((await devices.get('user-2', server, 'token'))?.id).not.toBe(first?.id)
    await devices.forget()
    expect((await devices.get('user-1', server, 'token'))?.id).not.toBe(first?.id)
  })

  it('that the key server does not know is not used', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('away')))
    expect(await register(await makeDevice('user-1'), server, 'token')).toBe(false)
    expect(await new Devices().get('user-1', server, 'token')).toBeUndefined()
  })
})

describe('the key for orders', () => {
  const key = { uri: place.keyUrl, jwk: { kty: 'oct', kid: place.keyUrl, k: encode(keyBytes) }, kcv: keyCheckValue }
  const answer = (value: unknown) =>
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(value))))

  it('seals, and cannot be read out', async () => {
    answer({ status: 201, key })
    const fetched = await fetchCommandKey(server, 'user-1', 'token')
    if (typeof fetched === 'string') throw new Error(fetched)
    expect(fetched.url).toBe(place.keyUrl)
    expect(fetched.key.extractable).toBe(false)
    expect(fetched.key.usages).toEqual(['encrypt'])
  })

  it.each([
    [{ status: 200, key: { ...key, uri: place.keyUrl.replace('.org', '.net') } }, 'tampered'],
    [{ status: 200 }, 'tampered'],
    [{ status: 403 }, 'key-refused'],
    [{ status: 503 }, 'key-server-unreachable'],
  ])('is refused: %j', async (value, why) => {
    answer(value)
    expect(await fetchCommandKey(server, 'user-1', 'token')).toBe(why)
  })
})

describe('an order', () => {
  const make = async (wish: Wish) => {
    const device = await makeDevice('user-1')
    const key = { url: place.keyUrl, key: await importKey('encrypt') }
    return { device, order: await makeOrder(wish, 'org-1', device, key, place.sentAtMs, place.idempotencyKey) }
  }

  it('holds no plain text and says whose it is', async () => {
    const attendees = [{ email: 'bob@example.com', type: 'REQUIRED' as const }]
    const wish: Wish = { kind: 'create', subject: 'Budget', start: '2026-11-24T09:00:00Z', attendees }
    const { order, device } = await make(wish)
    const statement = said(order)
    expect(Object.keys(statement['sealed'] as object)).toEqual(['subject', 'start', 'attendees'])
    expect(JSON.stringify(statement)).not.toMatch(/Budget|bob|2026-11-24/)
    expect(statement).toMatchObject({ user: 'user-1', kind: 'create', sentAtMs: place.sentAtMs })
    expect(statement).not.toHaveProperty('meetingId')
    const header = new TextDecoder().decode(decode(order.body.protected))
    expect(JSON.parse(header)).toEqual({ alg: 'ES256', kid: device.id })
  })

  it('is signed as a whole', async () => {
    const { device, order } = await make({ kind: 'cancel', meetingId: 'm' })
    const { crv, kty, x, y } = device.publicKey
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const publicKey = await crypto.subtle.importKey('jwk', { crv, kty, x, y }, algorithm, false, ['verify'])
    const verify = (text: string) =>
      crypto.subtle.verify(
        { name: 'ECDSA', hash: 'SHA-256' },
        publicKey,
        decode(order.body.signature) ?? new Uint8Array(),
        new TextEncoder().encode(text),
      )
    expect(await verify(`${order.body.protected}.${order.body.payload}`)).toBe(true)
    expect(await verify(`${order.body.protected}.${order.body.payload}A`)).toBe(false)
  })

  it.each<[Wish, string]>([
    [{ kind: 'create' }, 'POST calendarEvents/sync'],
    [{ kind: 'change', meetingId: 'abc' }, 'PATCH calendarEvents/YWJj/sync'],
    [{ kind: 'cancel', meetingId: 'abc' }, 'DELETE calendarEvents/YWJj/sync'],
    [{ kind: 'tentative', meetingId: 'abc' }, 'POST calendarEvents/YWJj/respond'],
    [{ kind: 'freeBusy', emails: ['a@example.com'] }, 'POST freebusy'],
    [{ kind: 'rooms' }, 'POST rooms'],
  ])('of %j goes where it belongs', async (wish, target) => {
    const { order } = await make(wish)
    expect(`${order.method} ${order.path}`).toBe(target)
    expect(said(order)['meetingId']).toBe(wish.meetingId)
  })
})
