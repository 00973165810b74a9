// The program under test: started, waited for by its ready line, asked from the terminal, ended.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const BINARY = fileURLToPath(new URL('../../target/debug/hybridcal', import.meta.url))
const READY_DEADLINE_MS = 30_000
const END_DEADLINE_MS = 10_000
const COMMAND_DEADLINE_MS = 30_000
const LOG_CHARACTERS_MAX = 400_000

/** Everything in one process, on ports of its own. Where calls take place only matters to some. */
export function startDemo(...options) {
  const video = options.some((option) => option.startsWith('--janus')) ? [] : ['--jitsi', 'https://meet.jit.si']
  return startBareDemo(...video, ...options)
}

/** As people start it. */
export function startBareDemo(...options) {
  return start('demo', {}, '--listen', '127.0.0.1:0', '--exchange', '127.0.0.1:0', ...options)
}

export function startExchange(...options) {
  return start('exchange-sim', {}, '--exchange', '127.0.0.1:0', ...options)
}

export function startWebex(...options) {
  return start('webex-sim', {}, '--listen', '127.0.0.1:0', ...options)
}

/** In `cwd`; what it logs is kept in memory up to a bound, and as a whole in `logFile`. */
export async function start(command, { cwd, logFile } = {}, ...options) {
  const child = spawn(BINARY, [command, '--json', ...options], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  if (logFile) child.stderr.pipe(createWriteStream(logFile))
  const program = { child, log: '', ready: undefined, end: () => end(child) }
  child.stderr.setEncoding('utf8').on('data', (text) => {
    program.log = (program.log + text).slice(-LOG_CHARACTERS_MAX)
  })
  // Whatever becomes of this script, the program does not outlive it.
  process.once('exit', () => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const signal = AbortSignal.timeout(READY_DEADLINE_MS)
  const ended = once(child, 'close').then(() => {
    throw new Error(`the program ended at once\n${program.log.slice(-2000)}`)
  })
  ended.catch(() => undefined)
  const [line] = await Promise.race([once(lines, 'line', { signal }), ended])
  program.ready = JSON.parse(line)
  return program
}

export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  child.kill('SIGTERM')
  const signal = AbortSignal.timeout(END_DEADLINE_MS)
  await once(child, 'exit', { signal }).catch(() => child.kill('SIGKILL'))
  return child.exitCode
}

/** A person's list in the terminal client. */
export async function meetingsOf(program, user) {
  const { cloudUrl, people } = program.ready
  const { token, keyToken } = people.find((person) => person.user === user)
  const env = { ...process.env, HYBRIDCAL_TOKEN: token, HYBRIDCAL_KEY_TOKEN: keyToken, TZ: 'Europe/Berlin' }
  const options = { env, timeout: COMMAND_DEADLINE_MS }
  const { stdout } = await run(BINARY, ['meetings', '--json', '--cloud', cloudUrl], options)
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
}
