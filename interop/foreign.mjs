// Runs the exchangelib suite that lies beside this repository, if it does, against the simulator.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PYTHON } from './parts/outlook.mjs'
import { startExchange } from './parts/program.mjs'
import { tell } from './parts/steps.mjs'

const NAME = 'interop: foreign suite'
const suite = fileURLToPath(new URL('../../shared/interop/exchangelib_suite.py', import.meta.url))
const DEADLINE_MS = 300_000

/** Steps that the simulator does not cover, each with the reason. */
function skips() {
  const lines = readFileSync(new URL('foreign-skips.txt', import.meta.url), 'utf8').split('\n')
  return lines.filter((line) => line && !line.startsWith('#')).map((line) => line.split(/\s+/)[0])
}

function optionsFor({ exchangeUrl, people, serviceAccount }) {
  const [alice, bob] = ['alice', 'bob'].map((user) => people.find((person) => person.user === user))
  return [
    '--ews', exchangeUrl, '--auth', 'basic', '--skip', skips().join(','),
    '--user', alice.user, '--password', alice.password, '--smtp', alice.address,
    '--attendee-user', bob.user, '--attendee-password', bob.password, '--attendee', bob.address,
    '--svc-user', serviceAccount.user, '--svc-password', serviceAccount.password,
  ]
}

if (existsSync(suite)) {
  await tell(NAME, async (step, atEnd, steps) => {
    const program = await startExchange()
    atEnd(() => program.end())
    const options = { stdio: ['ignore', 'pipe', 'inherit'], timeout: DEADLINE_MS }
    const child = spawn(PYTHON, ['-B', suite, ...optionsFor(program.ready)], options)
    const exit = once(child, 'close')
    for await (const line of createInterface({ input: child.stdout })) count(line, steps)
    const [status] = await exit
    if (status !== 0 && steps.isGood) steps.failed('the suite', `ended with status ${status}`)
  })
} else {
  console.log(`NOTE  ${NAME}: not beside this repository, so NOT RUN`)
}

/** `PASS|FAIL|SKIP step seconds detail`; what was skipped shall be seen. */
function count(line, steps) {
  const [verdict, name] = line.split(/\s+/)
  if (verdict === 'PASS') steps.passed(name)
  if (verdict === 'FAIL') steps.failed(name, line)
  if (verdict === 'SKIP') console.log(`skip  ${name}`)
}
