// An installation as it is meant to be: connector, key server, cloud, each a process of its own with
// a folder of its own, and every conversation between them written down by a relay in between.

import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BINARY, start, startExchange } from './program.mjs'

const run = promisify(execFile)
const ORGANIZATION = 'example'
const KMS_HOST = 'keys.example.com'

/**
 * `database` is where the cloud keeps what it has; a file of its own if nothing is said. `signIn`
 * starts another sign-in provider than our own for development: given the app's address and the
 * people, it answers its own address.
 */
export async function startInstallation({ database, log = 'trace', signIn } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'hybridcal-installation-'))
  const wires = join(folder, 'wires')
  await mkdir(wires)
  const parts = {}
  let hasEnded = false
  const closers = []
  const [cloudPort, kmsPort, issuerPort] = [await freePort(), await freePort(), await freePort()]
  const leg = async (name, port) => {
    const relay = await listenIn(join(wires, name), port)
    closers.push(relay.close)
    return `http://127.0.0.1:${relay.port}`
  }
  const exchange = await startExchange()
  const exchangeLeg = await leg('connector-exchange', Number(new URL(exchange.ready.exchangeUrl).port))
  const legs = {
    connectorCloud: await leg('connector-cloud', cloudPort),
    connectorKms: await leg('connector-kms', kmsPort),
    clientCloud: await leg('client-cloud', cloudPort),
    clientKms: await leg('client-kms', kmsPort),
  }
  const people = exchange.ready.people.filter(({ kind }) => kind !== 'room')
  const issuer = signIn ? await signIn(legs.clientCloud, people) : `http://127.0.0.1:${issuerPort}`
  const play = async (name, config) => {
    const home = join(folder, name)
    await mkdir(home)
    await writeFile(join(home, 'config.toml'), config(home))
    const options = { cwd: home, logFile: join(home, 'log') }
    parts[name] = await start('run', options, '--config', join(home, 'config.toml'), '--log', log)
  }
  const keyFile = join(folder, 'connector.key')
  const { stdout: publicKey } = await run(BINARY, ['new-key', '--out', keyFile])
  const known = (table) => `[[${table}]]\nid = "connector-1"\n${publicKey}`
  const quoted = (value) => JSON.stringify(value)

  await play('kms', (home) => `[kms]
listen = "127.0.0.1:${kmsPort}"
host = "${KMS_HOST}"
database = { file = ${quoted(join(home, 'kms.db'))} }
master_key = { file = ${quoted(join(home, 'master.key'))} }
organization = "${ORGANIZATION}"
issuer = "${issuer}"
web_origins = ["${legs.clientCloud}"]
${known('kms.connectors')}
${signIn ? '' : `[dev_issuer]
listen = "127.0.0.1:${issuerPort}"
people = [${people.map(({ address, name, password }) => `{ address = ${quoted(address)}, name = ${quoted(name)}, password = ${quoted(password)} }`).join(', ')}]`}
`)
  await play('cloud', (home) => `[cloud]
listen = "127.0.0.1:${cloudPort}"
public_url = "${legs.clientCloud}"
organization = "${ORGANIZATION}"
database = ${quoted(database ?? `sqlite:${join(home, 'cloud.db')}`)}
issuer = "${issuer}"
client_id = "web"
kms_url = "${legs.clientKms}"
kms_host = "${KMS_HOST}"
${known('cloud.connectors')}
`)
  const account = exchange.ready.serviceAccount
  await play('connector', () => `[connector]
id = "connector-1"
organization = "${ORGANIZATION}"
key_file = ${quoted(keyFile)}
cloud_url = "${legs.connectorCloud}"
kms_url = "${legs.connectorKms}"
kms_host = "${KMS_HOST}"
domains = ["example.com"]
mailboxes = [${exchange.ready.people.map(({ address }) => quoted(address)).join(', ')}]
[connector.exchange]
url = "${exchange.ready.exchangeUrl.replace(/^http:\/\/[^/]+/, exchangeLeg)}"
user = ${quoted(account.user)}
password = ${quoted(account.password)}
sign_in = ["basic"]
allow_plain_http_on_loopback = true
[connector.keywords]
"@meet" = "jitsi"
[connector.conferences.jitsi]
kind = "jitsi"
server = "https://meet.jit.si"
`)
  return {
    folder,
    parts,
    exchange,
    /** As the terminal client wants it. */
    ready: { ...exchange.ready, appUrl: legs.clientCloud, cloudUrl: legs.clientCloud, people: signIn ? people : parts.kms.ready.people.map(withUser) },
    /** Ends everybody; the folder stays to be looked at. */
    end: async () => {
      if (hasEnded) return
      hasEnded = true
      for (const part of Object.values(parts).reverse()) await part.end()
      await exchange.end()
      for (const close of closers) await close()
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }

  function withUser(person) {
    const known = exchange.ready.people.find(({ address }) => address === person.address)
    return { ...person, user: known.user }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** A relay that writes down both directions as they are. */
async function listenIn(file, port) {
  const record = createWriteStream(file)
  const open = new Set()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from)
      from.on('data', (bytes) => record.write(bytes))
      from.on('error', () => to.destroy()).on('close', () => open.delete(from))
      from.pipe(to)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    for (const socket of open) socket.destroy()
    record.end()
    await once(record, 'close')
  }
  return { port: server.address().port, close }
}
