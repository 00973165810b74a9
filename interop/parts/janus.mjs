// Debian's Janus on this computer, with a configuration of its own in a folder that goes again.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './steps.mjs'

const PROGRAM = process.env.JANUS ?? '/usr/bin/janus'
const LIBRARY = '/usr/lib'
const END_DEADLINE_MS = 5_000

export async function startJanus({ apiSecret, adminKey }) {
  const folder = mkdtempSync(join(tmpdir(), 'hybridcal-janus-'))
  const port = await freePort()
  const lib = libraryFolder()
  const write = (name, text) => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write('janus.jcfg', `general: {
  configs_folder = "${folder}"
  plugins_folder = "${lib}/plugins"
  transports_folder = "${lib}/transports"
  events_folder = "${lib}/events"
  loggers_folder = "${lib}/loggers"
  debug_level = 3
  debug_timestamps = true
  api_secret = "${apiSecret}"
}
nat: { ice_enforce_list = "lo" }
plugins: { disable = "${others(`${lib}/plugins`, 'videoroom')}" }
transports: { disable = "${others(`${lib}/transports`, 'http')}" }
`)
  write('janus.transport.http.jcfg', `general: { json = "compact", base_path = "/janus", http = true, port = ${port}, ip = "127.0.0.1", https = false }
admin: { admin_http = false }
`)
  write('janus.plugin.videoroom.jcfg', `general: { admin_key = "${adminKey}", string_ids = true }
`)
  const janus = { url: `http://127.0.0.1:${port}/janus`, folder, log: '', child: undefined }
  janus.start = async () => {
    const child = (janus.child = spawn(PROGRAM, ['-F', folder], { stdio: ['ignore', 'pipe', 'pipe'] }))
    process.once('exit', () => child.kill('SIGKILL'))
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (janus.log += text))
    const alive = () => fetch(`${janus.url}/info`).then(({ ok }) => ok, () => false)
    await until('Janus', alive, Boolean)
  }
  janus.stop = async () => {
    const { child } = janus
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const signal = AbortSignal.timeout(END_DEADLINE_MS)
    await once(child, 'exit', { signal }).catch(() => child.kill('SIGKILL'))
  }
  janus.end = async () => {
    await janus.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  janus.ask = (body) => ask(janus.url, apiSecret, body)
  await janus.start()
  return janus
}

/** A request to the VideoRoom by a second hand: what it says is what Janus says. */
async function ask(url, apisecret, body) {
  const say = async (path, message) => {
    const whole = { apisecret, transaction: crypto.randomUUID(), ...message }
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(whole) })
    return response.json()
  }
  const session = (await say('', { janus: 'create' })).data.id
  const handle = (await say(`/${session}`, { janus: 'attach', plugin: 'janus.plugin.videoroom' })).data.id
  let answer = await say(`/${session}/${handle}`, { janus: 'message', body })
  // What takes longer is answered among the news.
  while (answer.janus !== 'success' && answer.janus !== 'event') {
    answer = await (await fetch(`${url}/${session}?maxev=0&apisecret=${apisecret}`)).json()
  }
  await say(`/${session}`, { janus: 'destroy' })
  return answer.plugindata.data
}

/** Everything but the one that is needed. */
function others(folder, wanted) {
  const libraries = readdirSync(folder).filter((name) => name.endsWith('.so') && !name.includes(wanted))
  return libraries.join(',')
}

/** `/usr/lib/x86_64-linux-gnu/janus` or wherever this computer's kind has it. */
function libraryFolder() {
  const folders = readdirSync(LIBRARY).map((name) => join(LIBRARY, name, 'janus'))
  const holds = (folder) => {
    try {
      return readdirSync(folder).includes('plugins')
    } catch {
      return false
    }
  }
  const found = folders.find(holds)
  if (!found) throw new Error('Janus has no folder of plugins')
  return found
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}
