// The provider `webex` and the simulated Webex, with Prism in between: every request and every answer is
// held against the specification that Webex has published. It may lie beside this repository; without it,
// a visible note.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startPrism } from './parts/prism.mjs'
import { startWebex } from './parts/program.mjs'
import { tell } from './parts/steps.mjs'

const run = promisify(execFile)
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const SPECIFICATION = here('../../shared/data/webex-openapi/webex-meeting.json')
const DRIVER = here('../target/debug/examples/webex')
const STORY_DEADLINE_MS = 120_000
/** Where the specification contradicts itself: its example breaks its schema, its text does. */
const KNOWN_EXCEPTIONS = {
  'GET /v1/meetingPreferences/personalMeetingRoom': 'telephony.links',
  'PATCH /v1/meetings/{id}': 'recurrence', // null makes a series a single meeting
}
const CALLS = ['GET', 'POST', 'PATCH', 'DELETE']

/** The provider lives through a few meetings at that address. */
async function drive(app, api, ...options) {
  const folder = await mkdtemp(join(tmpdir(), 'hybridcal-webex-'))
  try {
    await writeFile(join(folder, 'secret'), app.clientSecret)
    await writeFile(join(folder, 'first.json'), JSON.stringify({ refresh_token: app.refreshToken }))
    const where = ['--api', api, '--folder', folder, '--client-id', app.clientId, '--host', 'alice@example.com']
    const outcome = await run(DRIVER, [...where, ...options], { timeout: STORY_DEADLINE_MS }).catch((error) => error)
    const steps = outcome.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
    assert.ok(steps.length > 10, `the driver said nothing: ${outcome.stderr}`)
    return steps
  } finally {
    await rm(folder, { recursive: true })
  }
}

const failures = (steps) => steps.filter(({ failure }) => failure)
const complaints = (prism) => prism.seen.filter(({ complaint }) => complaint)

await tell('interop: webex', async (step, atEnd, steps) => {
  const begin = async (...options) => {
    const simulator = await startWebex(...options)
    atEnd(() => simulator.end())
    return simulator
  }
  await step('the simulator and the provider understand each other', async () => {
    const { apps, apiUrl } = (await begin()).ready
    assert.deepEqual(failures(await drive(apps[0], apiUrl)), [])
  })
  await step('with trouble by chance as well', async () => {
    const { apps, apiUrl } = (await begin('--trouble-per-mille', '80', '--seed', '3')).ready
    assert.deepEqual(failures(await drive(apps[0], apiUrl)), [])
  })
  if (!existsSync(SPECIFICATION)) {
    console.log('SKIPPED: no specification beside this repository (../shared/data/webex-openapi): nobody has checked the contract')
    return
  }
  for (const mediaType of ['json', 'json-patch']) {
    const simulator = await begin('--links-as-in-schema')
    const { apps, apiUrl } = simulator.ready
    const prism = await step(`Prism stands in between (changes as ${mediaType})`, () => startPrism(SPECIFICATION, apiUrl))
    atEnd(() => prism.end())
    await step('every request and every answer keeps to the specification', async () => {
      const told = await drive(apps[0], prism.api, '--by-schema', '--patch-media-type', mediaType)
      assert.deepEqual(complaints(prism), [])
      assert.deepEqual(failures(told), [])
      for (const call of CALLS) assert.ok(prism.seen.some((seen) => seen.call.startsWith(call)), `no ${call} was made`)
      steps.passed('calls that were checked', String(prism.seen.length))
    })
  }
  const { apps, apiUrl } = (await begin()).ready
  const prism = await startPrism(SPECIFICATION, apiUrl)
  atEnd(() => prism.end())
  await step('the known exceptions are where the specification contradicts itself, and nowhere else', async () => {
    await drive(apps[0], prism.api, '--tries', '1')
    const found = complaints(prism).map(({ call, complaint }) => {
      const places = complaint.validation.map(({ location }) => location.slice(location.indexOf('body') + 1).join('.'))
      return [call.replace(/meetings\/.+/, 'meetings/{id}'), places.join()]
    })
    assert.deepEqual(Object.fromEntries(found), KNOWN_EXCEPTIONS)
    for (const [call, place] of found) steps.passed(`known: ${call}`, place)
  })
  await step('a request that breaks the specification is noticed', async () => {
    const token = await access(apps[1], apiUrl)
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ title: 7, start: '2030-01-01T10:00:00Z' })
    const answer = await fetch(`${prism.api}/meetings`, { method: 'POST', headers, body })
    assert.equal(answer.status, 422)
  })
})

async function access({ clientId, clientSecret, refreshToken }, apiUrl) {
  const form = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }
  const answer = await fetch(`${apiUrl}/access_token`, { method: 'POST', body: new URLSearchParams(form) })
  return (await answer.json()).access_token
}
