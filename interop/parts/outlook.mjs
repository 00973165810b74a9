// A person's calendar program: exchangelib, through outlook.py.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url))
export const PYTHON = here('.venv/bin/python')
const DEADLINE_MS = 60_000

/** `await outlook('show', { subject })` as that person; option names as outlook.py has them, with a
 * list for what may be said several times. */
export function outlookOf(ready, user) {
  const person = ready.people.find((each) => each.user === user)
  const who = ['--ews', ready.exchangeUrl, '--user', user, '--password', person.password, '--smtp', person.address]
  return async (command, options) => {
    const each = ([name, value]) => [value].flat().flatMap((one) => [`--${name}`, String(one)])
    const given = Object.entries(options).flatMap(each)
    const { stdout } = await run(PYTHON, [here('outlook.py'), ...who, command, ...given], { timeout: DEADLINE_MS })
    return JSON.parse(stdout)
  }
}
