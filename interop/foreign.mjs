// Foreign clients against the simulator: the conversations here, and the whole suites that lie beside
// this repository, if they do; each in each way of signing in, with a simulator of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PYTHON } from './parts/outlook.mjs'
import { startExchange } from './parts/program.mjs'
import { tell } from './parts/steps.mjs'

const NAME = 'interop: foreign clients'
const DEADLINE_MS = 300_000

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Who talks, and how they are told the way of signing in. */
const CLIENTS = [
  {
    name: 'exchangelib',
    scripts: [here('operations.py'), here('../../shared/interop/exchangelib_suite.py')],
    command: PYTHON,
    options: ['-B'],
    signIn: (auth) => ['--auth', auth, ...(auth === 'ntlm' ? ['--insecure'] : [])],
  },
  {
    name: 'ews-javascript-api',
    scripts: [here('operations.mjs'), here('../../shared/interop/ewsjs_suite.mjs')],
    command: process.execPath,
    options: [],
    signIn: (auth) => (auth === 'ntlm' ? ['--ntlm', '--insecure'] : []),
  },
  {
    name: "Thunderbird's ews",
    scripts: [here('../../shared/interop/ewsrs/target/debug/ews_rs_suite')], // a program, once built there
    options: [],
    auths: ['basic'],
    signIn: () => [],
  },
]

/** Ways of signing in, and the simulator that offers them: NTLM as Exchange has it by default, over TLS. */
const AUTHS = {
  basic: () => ['--auth', 'basic,ntlm'],
  ntlm: (folder) => ['--auth', 'ntlm', '--tls', folder, '--channel-binding', 'accept'],
}

/** Steps that are left out, each with its reason. */
const SKIPS = new Map(
  readFileSync(here('foreign-skips.txt'), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split(/\s+(.*)/).slice(0, 2)),
)

function optionsFor({ exchangeUrl, people, serviceAccount }) {
  const [alice, bob] = ['alice', 'bob'].map((user) => people.find((person) => person.user === user))
  return [
    '--ews', exchangeUrl, '--autodiscover', new URL('/autodiscover/autodiscover.svc', exchangeUrl).href,
    '--user', alice.user, '--password', alice.password, '--smtp', alice.address,
    '--attendee-user', bob.user, '--attendee-password', bob.password, '--attendee', bob.address,
    '--svc-user', serviceAccount.user, '--svc-password', serviceAccount.password,
    '--skip', [...SKIPS.keys()].join(','),
  ]
}

/** One conversation from sign-in to sign-out; how many steps went how. */
async function converse(client, script, auth, atEnd, steps) {
  const folder = mkdtempSync(join(tmpdir(), 'hybridcal-interop-'))
  atEnd(() => rmSync(folder, { recursive: true }))
  const program = await startExchange(...AUTHS[auth](folder))
  atEnd(() => program.end())
  const [command, ...options] = [client.command, ...client.options, script].filter(Boolean)
  options.push(...optionsFor(program.ready), ...client.signIn(auth))
  const env = { ...process.env, EWSJS_DIR: here('.') }
  const stdio = ['ignore', 'pipe', 'inherit']
  const child = spawn(command, options, { stdio, env, timeout: DEADLINE_MS })
  const exit = once(child, 'close')
  const counts = { client: client.name, script: basename(script), auth, PASS: 0, FAIL: 0, SKIP: 0 }
  for await (const line of createInterface({ input: child.stdout })) count(line, counts, steps)
  const [status] = await exit
  const isTold = counts.FAIL > 0 && status === 1
  if ((status !== 0 && !isTold) || counts.PASS === 0) {
    steps.failed(`${counts.script}, ${auth}`, `ended with status ${status}`)
  }
  await program.end()
  return counts
}

/** `PASS|FAIL|SKIP step seconds detail`; what was skipped shall be seen. */
function count(line, counts, steps) {
  const [verdict, name, ...detail] = line.split(/\s+/)
  if (!(verdict in counts) || !name) return
  const step = `${counts.script}, ${counts.auth}: ${name}`
  counts[verdict] += 1
  if (verdict === 'PASS') steps.passed(step)
  if (verdict === 'FAIL') steps.failed(step, line)
  if (verdict === 'SKIP') console.log(`skip  ${step}  (${SKIPS.get(name) ?? detail.join(' ')})`)
}

function printTable(rows) {
  const line = (names, counts) =>
    `  ${names.map((name) => name.padEnd(22)).join('')}${counts.map((count) => String(count).padStart(9)).join('')}`
  console.log(line(['client', 'conversation', 'sign-in'], ['passed', 'failed', 'skipped']))
  for (const row of rows) console.log(line([row.client, row.script, row.auth], [row.PASS, row.FAIL, row.SKIP]))
}

await tell(NAME, async (_step, atEnd, steps) => {
  const rows = []
  for (const client of CLIENTS) {
    for (const script of client.scripts) {
      if (!existsSync(script)) {
        console.log(`NOTE  ${NAME}: ${basename(script)} is not (built) beside this repository, so NOT RUN`)
        continue
      }
      for (const auth of client.auths ?? Object.keys(AUTHS)) rows.push(await converse(client, script, auth, atEnd, steps))
    }
  }
  printTable(rows)
})
