// A foreign validator between two sides: Prism, in proxy mode, with the published specification. In
// front of it a small door, since the specification does not have the call that renews tokens; it also
// keeps what the validator says.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import { createServer as createSocket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { end } from './program.mjs'

const PRISM = fileURLToPath(new URL('../node_modules/.bin/prism', import.meta.url))
const READY_DEADLINE_MS = 60_000
const LOOK_AGAIN_MS = 100

/** `upstream` is what stands before the paths of the specification. */
export async function startPrism(specification, upstream) {
  const port = await freePort()
  const options = ['--host', '127.0.0.1', '--port', String(port), '--errors', '--verboseLevel', 'warn']
  const child = spawn(PRISM, ['proxy', specification, upstream, ...options], { stdio: 'ignore' })
  process.once('exit', () => child.kill('SIGKILL'))
  await listening(child, port)
  const seen = []
  const door = createServer((from, to) => pass(from, to, { port, upstream, seen }))
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  return {
    api: `http://127.0.0.1:${door.address().port}/v1`,
    /** What was asked, and what the validator said against it. */
    seen,
    async end() {
      door.closeAllConnections()
      door.close()
      await end(child)
    },
  }
}

function pass(from, to, { port, upstream, seen }) {
  const isToken = from.url === '/v1/access_token'
  const target = isToken
    ? `${upstream}/access_token`
    : `http://127.0.0.1:${port}${from.url.replace(/^\/v1/, '')}`
  const onward = ask(target, { method: from.method, headers: { ...from.headers, host: new URL(target).host } })
  onward.on('response', async (answer) => {
    const chunks = []
    for await (const chunk of answer) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const type = answer.headers['content-type'] ?? ''
    const complaint = type.includes('problem+json') ? JSON.parse(body) : undefined
    if (!isToken) {
      const [path] = from.url.split('?')
      seen.push({ call: `${from.method} ${path}`, status: answer.statusCode, complaint })
    }
    const { 'transfer-encoding': _, 'content-length': __, ...headers } = answer.headers
    to.writeHead(answer.statusCode, headers)
    to.end(body)
  })
  onward.on('error', () => to.destroy())
  from.pipe(onward)
}

async function listening(child, port) {
  const end = Date.now() + READY_DEADLINE_MS
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error('Prism ended at once')
    const isThere = await new Promise((resolve) => {
      const probe = ask({ host: '127.0.0.1', port, path: '/' }, (answer) => resolve(answer.resume()))
      probe.on('error', () => resolve(undefined)).end()
    })
    if (isThere) return
    await pause(LOOK_AGAIN_MS)
  }
  throw new Error(`Prism does not listen within ${READY_DEADLINE_MS / 1000} s`)
}

async function freePort() {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
