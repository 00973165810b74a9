// Steps with a name, said as they pass or fail, and waiting for a state instead of for a while.

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

const STATE_DEADLINE_MS = 40_000
const LOOK_AGAIN_MS = 250

export class Steps {
  #passed = 0
  #failed = 0

  constructor(name) {
    this.name = name
  }

  /** What comes after a failed step would only repeat the failure: it ends the story. */
  step = async (title, act) => {
    const began = performance.now()
    try {
      const value = await act()
      this.passed(title, `${((performance.now() - began) / 1000).toFixed(1)} s`)
      return value
    } catch (error) {
      this.failed(title, error.message)
      throw new Told(title, { cause: error })
    }
  }

  passed(title, detail = '') {
    this.#passed += 1
    console.log(`ok    ${title}${detail && `  (${detail})`}`)
  }

  failed(title, detail) {
    this.#failed += 1
    console.log(`FAIL  ${title}\n      ${detail.replaceAll('\n', '\n      ')}`)
  }

  get isGood() {
    return this.#failed === 0
  }

  /** The last line, which scripts read; and the exit status. */
  close() {
    console.log(`${this.name}: ${this.#passed} passed, ${this.#failed} failed`)
    // A story that is told twice must not make up for its first failure.
    if (this.#failed > 0 || this.#passed === 0) process.exitCode = 1
  }
}

/** A failure that has been printed already. */
class Told extends Error {}

/** Plays a story to its end or first failure, cleans up, and closes the count. */
export async function tell(name, story) {
  const steps = new Steps(name)
  const cleanups = []
  const atEnd = (cleanup) => cleanups.unshift(cleanup)
  try {
    await story(steps.step, atEnd, steps)
  } catch (error) {
    if (!(error instanceof Told)) steps.failed('the story itself', error.stack ?? String(error))
  }
  for (const cleanup of cleanups) await cleanup()
  steps.close()
}

/** Asks until the answer is the one waited for; `accept` throws or returns something false until then. */
export async function until(what, ask, accept, deadlineMs = STATE_DEADLINE_MS) {
  const end = Date.now() + deadlineMs
  for (;;) {
    const seen = await ask()
    let why = ''
    try {
      if (accept(seen)) return seen
    } catch (error) {
      if (!(error instanceof assert.AssertionError || error instanceof TypeError)) throw error
      why = error.message
    }
    if (Date.now() > end) {
      throw new Error(`${what}: not within ${deadlineMs / 1000} s. ${why}\nlast seen: ${JSON.stringify(seen)?.slice(0, 1500)}`)
    }
    await pause(LOOK_AGAIN_MS)
  }
}
