// Words that must be nowhere but in Exchange, in the connector's memory and before the eyes of those
// they are for: not in a database or its journal, not in a log at the most verbose level, not on the
// wire to cloud and key server, not in the memory of either.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { startInstallation } from './parts/installation.mjs'
import { outlookOf } from './parts/outlook.mjs'
import { meetingsOf } from './parts/program.mjs'
import { tell, until } from './parts/steps.mjs'
import { DAY_MS, MINUTE_MS, utc } from './parts/times.mjs'

const run = promisify(execFile)
/** Of title, place and text, and of a guest. */
const WORDS = ['KanarieTitel7Q', 'KanarieOrt7Q', 'KanarieText7Q', 'KanarieZusatz7Q', 'kanarie.gast7q']
/** So much of a file is searched at once, with an overlap longer than any disguise. */
const PIECE_BYTES = 1024 * 1024
/** Much of a process' memory was never written to. */
const NOTHING = Buffer.alloc(PIECE_BYTES)
const OVERLAP_BYTES = 1024
const CORE_DEADLINE_MS = 120_000

const stores = [['SQLite', undefined]]
/** As scripts/with-postgres.sh names them: an address, and a program that stops the server. */
const { HYBRIDCAL_TEST_POSTGRES: address, HYBRIDCAL_TEST_POSTGRES_CONTROL: control } = process.env
if (address) stores.push(['PostgreSQL', address])
else console.log('note  PostgreSQL is left out: scripts/with-postgres.sh starts one')
const hasCores = await run('gcore', []).then(() => true, (error) => error.code !== 'ENOENT')
if (!hasCores) console.log("note  memory is left out: gcore, of Debian's package gdb, is missing")

for (const [store, database] of stores) {
  await tell(`canary on ${store}`, async (step, atEnd) => {
    const site = await startInstallation({ database })
    atEnd(() => site.remove())
    atEnd(() => site.end())
    const alice = outlookOf(site.ready, 'alice')
    const subject = { subject: `${WORDS[0]} plan` }
    const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + DAY_MS
    const seen = await step('an invitation goes its way and is read', async () => {
      await alice('create', {
        ...subject, start: utc(start), minutes: 30, location: `${WORDS[1]}; @meet`,
        html: `<p>${WORDS[2]} <b>${WORDS[3]}</b></p>`, invite: ['bob@example.com', `${WORDS[4]}@elsewhere.example`],
      })
      const mine = async () => (await meetingsOf(site, 'bob')).filter((each) => each.subject === subject.subject)
      const [entry] = await until('the meeting', mine, (list) => list.length === 1 && list[0].joinUrl)
      for (const word of WORDS) assert.ok(JSON.stringify(entry).includes(word), `${word} is opened`)
      return entry
    })
    await step('and moves', async () => {
      await alice('move', { ...subject, start: utc(start + DAY_MS) })
      const moved = async () => (await meetingsOf(site, 'bob')).some((each) => each.start === utc(start + DAY_MS))
      await until('the moved meeting', moved, Boolean)
    })
    const words = [...WORDS, new URL(seen.joinUrl).pathname.slice(1)]
    if (hasCores) {
      await step('the memory of cloud and key server is written down', async () => {
        for (const name of ['cloud', 'kms']) {
          const core = join(site.folder, name, 'core')
          await run('gcore', ['-o', core, String(site.parts[name].child.pid)], { timeout: CORE_DEADLINE_MS })
        }
      })
    }
    await site.end()
    const folders = [site.folder]
    if (database) {
      // Then everything it knows is in its files.
      await run(control, ['stop'])
      folders.push(join(dirname(control), 'data'))
    }
    await step('the scan finds each word where it must be', async () => {
      const found = await scan(join(site.folder, 'wires', 'connector-exchange'), words)
      assert.deepEqual(found, words, 'on the wire between connector and Exchange')
    })
    await step('and nowhere else', async () => {
      const files = (await Promise.all(folders.map(all))).flat().filter((file) => !file.endsWith('connector-exchange'))
      let bytes = 0
      const found = []
      for (const file of files) {
        bytes += (await stat(file)).size
        found.push(...(await scan(file, words)).map((word) => `${word} in ${relative(site.folder, file)}`))
      }
      const ours = files.map((file) => relative(site.folder, file)).filter((file) => !file.startsWith('..'))
      console.log(`      ${files.length} files, ${Math.round(bytes / 1e6)} MB; of our own: ${ours.join(', ')}`)
      assert.deepEqual(found, [])
    })
  })
}

async function all(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Those of the words that stand in a file, however they are written. */
async function scan(file, words) {
  const open = new Map(words.map((word) => [word, disguises(word)]))
  let tail = Buffer.alloc(0)
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    if (piece.equals(NOTHING)) {
      tail = Buffer.alloc(0)
      continue
    }
    const bytes = Buffer.concat([tail, piece])
    for (const [word, ways] of open) {
      if (ways.some((way) => bytes.includes(way))) open.delete(word)
    }
    tail = bytes.subarray(-OVERLAP_BYTES)
  }
  return words.filter((word) => !open.has(word))
}

/** As it is, in UTF-16, in hexadecimal, percent-encoded, in base64 and base64url at each alignment. */
function disguises(word) {
  const bytes = Buffer.from(word)
  const hex = bytes.toString('hex')
  const inner = ['base64', 'base64url'].flatMap((form) =>
    [0, 1, 2].map((padding) => {
      const text = Buffer.concat([Buffer.alloc(padding, 'x'), bytes]).toString(form).replace(/=+$/, '')
      // The first and last characters depend on the neighbours.
      return text.slice(Math.ceil((padding * 4) / 3), -1)
    }),
  )
  const ways = [word, hex, hex.toUpperCase(), encodeURIComponent(word), ...inner].map((text) => Buffer.from(text))
  return [...ways, Buffer.from(word, 'utf16le')]
}
