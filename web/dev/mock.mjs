// A MOCK, for looking at the web app and for browser tests: serves dist/ with the real content
// security policy, and plays cloud, sign-in provider and key server. No security whatsoever.
//
//   node dev/mock.mjs [--port 4170] [--at 2026-11-24T08:57:00Z] [--notice "text"] [--empty]
//
// Steering (on the cloud's port): POST /mock/keys?state=up|down|refuse, POST /mock/move?id=…&minutes=…,
// POST /mock/remove?id=…, POST /mock/cut, POST /mock/skip (the next event leaves a gap).

import { createCipheriv, createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { sampleMeetings } from './samples.mjs'

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : process.argv[at + 1]
}
const port = Number(option('port', '4170'))
const base = Date.parse(option('at', new Date().toISOString()))
const origins = { cloud: `http://localhost:${port}`, issuer: `http://localhost:${port + 1}`, keys: `http://localhost:${port + 2}` }
const person = { email: 'alice@example.com', name: 'Alice Ashworth' }
const site = {
  organization: 'demo',
  kmsUrl: origins.keys,
  kmsHost: 'kms.example.org',
  issuer: origins.issuer,
  clientId: 'hybridcal-web',
  notice: option('notice', 'This is a mock. Nothing here is real.'),
}
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "worker-src 'self'",
  `connect-src 'self' ${origins.issuer} ${origins.keys}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html hybridcal-worker',
].join('; ')

// Sealing, written a second time: the app's own code must agree with it.

const contentKey = randomBytes(32)
const keyUrl = `kms://${site.kmsHost}/keys/${randomUUID()}`
const user = uuid5(uuid5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', `hybridcal:${site.organization}`), person.email)

function uuid5(namespace, name) {
  const hash = createHash('sha1').update(Buffer.from(namespace.replaceAll('-', ''), 'hex')).update(name).digest()
  hash[6] = (hash[6] & 0x0f) | 0x50
  hash[8] = (hash[8] & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function seal(text, meeting, field, rev) {
  const context = ['hc1', site.organization, user, meeting, field, String(rev), '1'].map((part) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(part))
    return Buffer.concat([length, Buffer.from(part)])
  })
  const cx = createHash('sha256').update(Buffer.concat(context)).digest().subarray(0, 16).toString('base64url')
  const json = `{"alg":"dir","enc":"A256GCM","kid":"${keyUrl}","hc":"1","cx":"${cx}"}`
  const header = Buffer.from(json).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(header))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return [header, '', ...[iv, sealed, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'))].join('.')
}

function sealMeeting(plain, rev) {
  const id = createHash('sha256').update(plain.id).digest().subarray(0, 16).toString('base64url')
  const at = (field, text) => seal(text, id, field, rev)
  const broken = (field, text) => (plain.broken === field ? at(`${field}Elsewhere`, text) : at(field, text))
  const people = (path, { name, address }) => ({
    encryptedName: at(`${path}/encryptedName`, name),
    encryptedEmailAddress: at(`${path}/encryptedEmailAddress`, address),
  })
  return {
    id,
    seriesId: id,
    start: new Date(plain.startMs).toISOString(),
    durationMinutes: plain.minutes,
    isRecurring: plain.isRecurring ?? false,
    isAllDay: plain.isAllDay ?? false,
    isDeleted: false,
    lastModified: new Date(base).toISOString(),
    meetingSensitivity: plain.sensitivity ?? 'NORMAL',
    responseType: plain.answer ?? 'ACCEPTED',
    encryptionKeyUrl: keyUrl,
    encryptedSubject: broken('encryptedSubject', plain.subject),
    ...(plain.location && { encryptedLocation: broken('encryptedLocation', plain.location) }),
    ...(plain.agenda && { encryptedNotes: at('encryptedNotes', plain.agenda) }),
    ...(plain.link && { meetingJoinInfo: { meetingJoinURL: at('meetingJoinInfo/meetingJoinURL', plain.link) } }),
    ...(plain.organizer && { encryptedOrganizer: people('encryptedOrganizer', plain.organizer) }),
    encryptedParticipants: (plain.people ?? []).map((each) => {
      const participant = uuid5(user, each.address)
      return {
        id: participant,
        type: each.kind ?? 'PERSON',
        responseType: each.answer,
        participantType: each.isOptional ? 'OPTIONAL' : 'REQUIRED',
        ...people(`encryptedParticipants/${participant}`, each),
      }
    }),
    links: [],
    hc: { rev, userRev: 0, schema: 1, truncated: plain.truncated ?? [], notes: plain.notes ?? [] },
  }
}

// The cloud.

let rev = 1
let keyState = 'up'
const plain = new Map((process.argv.includes('--empty') ? [] : sampleMeetings(base)).map((each) => [each.id, each]))
const sealedRevs = new Map([...plain.keys()].map((id) => [id, base]))
const changes = []
const streams = new Set()
const meetingOf = (name) => sealMeeting(plain.get(name), sealedRevs.get(name))
const position = (at = rev) => `1-${at}`

function announce(kind, meeting, silently) {
  rev += 1
  changes.push({ rev, kind, id: meeting.id, ...(kind === 'upsert' && { meeting }) })
  if (silently) return
  const eventType = `calendar.meeting.${kind === 'upsert' ? 'update' : 'delete'}`
  const data = { eventType, calendarMeetingExternal: kind === 'upsert' ? meeting : { id: meeting.id } }
  send(eventType, { id: randomUUID(), data, hc: { position: position() } })
}

function send(event, envelope) {
  for (const stream of streams) {
    stream.write(`id: ${envelope.hc.position}\nevent: ${event}\ndata: ${JSON.stringify(envelope)}\n\n`)
  }
}

function steer(url) {
  const name = url.searchParams.get('id') ?? ''
  const meeting = plain.get(name)
  switch (url.pathname) {
    case '/mock/keys':
      keyState = url.searchParams.get('state')
      return 204
    case '/mock/cut':
      for (const stream of streams) stream.end()
      return 204
    case '/mock/skip':
    case '/mock/move':
      if (!meeting) return 404
      meeting.startMs += Number(url.searchParams.get('minutes') ?? 0) * 60_000
      sealedRevs.set(name, sealedRevs.get(name) + 1)
      announce('upsert', meetingOf(name), url.pathname === '/mock/skip')
      return 204
    case '/mock/remove':
      if (!meeting) return 404
      announce('delete', meetingOf(name))
      plain.delete(name)
      return 204
    default:
      return 404
  }
}

createServer((request, response) => {
  const url = new URL(request.url, origins.cloud)
  if (request.method === 'POST') return response.writeHead(steer(url)).end()
  if (url.pathname === '/.well-known/hybridcal') return json(response, 200, site)
  if (!url.pathname.startsWith('/calendar/')) return file(url.pathname, response)
  if (!isToken(request.headers.authorization?.slice(7), 'hc-api')) {
    return json(response, 401, { type: '/problems/token-invalid', title: 'token', status: 401 })
  }
  switch (url.pathname) {
    case '/calendar/api/v1/calendarEvents': {
      const [from, to] = ['fromDate', 'toDate'].map((name) => Date.parse(url.searchParams.get(name)))
      const inWindow = ({ startMs, minutes }) => startMs + minutes * 60_000 > from && startMs < to
      const items = [...plain].filter(([, each]) => inWindow(each)).map(([name]) => meetingOf(name))
      return json(response, 200, { items, hc: { position: position() } })
    }
    case '/calendar/api/v1/changes': {
      const since = Number(url.searchParams.get('since').split('-')[1])
      const newer = changes.filter((change) => change.rev > since)
      return json(response, 200, { from: position(since), to: position(), more: false, changes: newer })
    }
    case '/calendar/api/v1/events':
      return stream(request, response)
    default:
      return json(response, 404, { type: '/problems/not-found', title: 'not found', status: 404 })
  }
}).listen(port, () => console.log(`mock: ${origins.cloud}`))

function stream(request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n: ping\n\n')
  streams.add(response)
  const ping = setInterval(() => response.write(': ping\n\n'), 15_000)
  response.on('close', () => {
    clearInterval(ping)
    streams.delete(response)
  })
  const since = Number(String(request.headers['last-event-id'] ?? '').split('-')[1])
  if (Number.isFinite(since) && since < rev) {
    send('hc.resync', { id: randomUUID(), data: { eventType: 'hc.resync', position: position() }, hc: { position: position() } })
  }
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

function file(path, response) {
  const dist = new URL('../dist', import.meta.url).pathname
  const name = join(dist, normalize(path === '/' ? '/index.html' : path))
  if (!name.startsWith(dist) || !existsSync(name)) return response.writeHead(404).end()
  response.writeHead(200, {
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  })
  response.end(readFileSync(name))
}

// The sign-in provider: agrees to everything, but checks what the app must get right.

const codes = new Map()
const refreshTokens = new Set()

createServer(async (request, response) => {
  if (crossOrigin(request, response)) return
  const url = new URL(request.url, origins.issuer)
  if (url.pathname === '/.well-known/openid-configuration') {
    return json(response, 200, {
      issuer: origins.issuer,
      authorization_endpoint: `${origins.issuer}/authorize`,
      token_endpoint: `${origins.issuer}/token`,
      revocation_endpoint: `${origins.issuer}/revoke`,
    })
  }
  if (url.pathname === '/authorize') return authorize(url, response)
  const form = Object.fromEntries(new URLSearchParams(await bodyOf(request)))
  if (url.pathname === '/token') return token(form, response)
  refreshTokens.delete(form.token)
  response.writeHead(200).end()
}).listen(port + 1)

function authorize(url, response) {
  const asked = Object.fromEntries(url.searchParams)
  const isRight = asked.response_type === 'code' && asked.code_challenge_method === 'S256' && asked.redirect_uri === `${origins.cloud}/`
  if (!isRight || !asked.state || !asked.nonce) return response.writeHead(400).end('mock: wrong request')
  const code = randomUUID()
  codes.set(code, asked)
  const back = new URL(asked.redirect_uri)
  back.search = new URLSearchParams({ code, state: asked.state, iss: origins.issuer })
  response.writeHead(302, { location: back.href }).end()
}

function token(form, response) {
  const isAudience = ['hc-api', 'hc-kms'].includes(form.resource)
  const asked = codes.get(form.code)
  const challenge = createHash('sha256').update(form.code_verifier ?? '').digest('base64url')
  const byCode = form.grant_type === 'authorization_code' && codes.delete(form.code) && challenge === asked.code_challenge
  const byRefresh = form.grant_type === 'refresh_token' && refreshTokens.delete(form.refresh_token)
  if (!isAudience || !(byCode || byRefresh)) return json(response, 400, { error: 'invalid_grant' })
  const refresh = randomUUID()
  refreshTokens.add(refresh)
  const seconds = 600
  const claims = { iss: origins.issuer, sub: 'alice', ...person, exp: Math.floor(Date.now() / 1000) + seconds }
  json(response, 200, {
    access_token: jwt({ ...claims, aud: form.resource }),
    token_type: 'Bearer',
    expires_in: seconds,
    refresh_token: refresh,
    ...(byCode && { id_token: jwt({ ...claims, aud: site.clientId, nonce: asked.nonce }) }),
  })
}

const tokenKey = randomBytes(32)
const signature = (text) => createHmac('sha256', tokenKey).update(text).digest('base64url')

function jwt(claims) {
  const text = [{ alg: 'HS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${signature(text)}`
}

function isToken(token, audience) {
  const [header, payload, sign] = (token ?? '').split('.')
  if (sign !== signature(`${header}.${payload}`)) return false
  return JSON.parse(Buffer.from(payload, 'base64url')).aud === audience
}

// The key server.

createServer(async (request, response) => {
  if (crossOrigin(request, response)) return
  if (keyState === 'down') return request.socket.destroy()
  const asked = JSON.parse(await bodyOf(request))
  const isPermitted = keyState === 'up' && isToken(asked.client.credential.bearer, 'hc-kms')
  const { requestId } = asked
  if (!isPermitted) return json(response, 403, { status: 403, requestId, reason: 'not permitted' })
  if (asked.method !== 'retrieve' || asked.uri !== keyUrl) return json(response, 404, { status: 404, requestId })
  const kcv = createHmac('sha256', contentKey).update('kcv').digest('hex').slice(0, 16)
  const jwk = { kty: 'oct', kid: keyUrl, k: contentKey.toString('base64url') }
  json(response, 200, { status: 200, requestId, key: { uri: keyUrl, jwk, createDate: new Date(base).toISOString(), kcv } })
}).listen(port + 2)

function crossOrigin(request, response) {
  response.setHeader('access-control-allow-origin', origins.cloud)
  response.setHeader('access-control-allow-headers', 'content-type')
  response.setHeader('vary', 'origin')
  if (request.method !== 'OPTIONS') return false
  response.writeHead(204).end()
  return true
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function json(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(value))
}
