// A session with Janus over its HTTP interface, as far as our server lets it through: questions with
// their answers, and news that come by asking again and again.

const ANSWER_DEADLINE_MS = 20_000
const NEWS_DEADLINE_MS = 50_000

/** Why it went wrong, in a word that the page knows. */
export class Trouble extends Error {
  constructor(why) {
    super(why)
    this.why = why
  }
}

/** Error codes of the VideoRoom that say something to a person. */
const CODES = { 426: 'closed', 432: 'full', 433: 'wrong-link' }

export class Session {
  #url
  #waiting = new Map()
  #heard
  #lost
  #ending = new AbortController()

  /** A session, if the link is right. `heard(handle, data, jsep)` gets the news, `lost` is called once. */
  static async enter(room, pin, { heard, lost }) {
    const { session } = await post('/door', { room, pin })
    return new Session(session, heard, lost)
  }

  constructor(id, heard, lost) {
    this.#url = `/janus/${id}`
    this.#heard = heard
    this.#lost = lost
    this.#listen()
  }

  /** A handle of the VideoRoom plugin. */
  async attach() {
    const { data } = await this.#say(this.#url, { janus: 'attach' })
    return data.id
  }

  /** A request to the VideoRoom; its answer arrives among the news. */
  async ask(handle, body, jsep) {
    const transaction = crypto.randomUUID()
    const { promise, resolve, reject } = promised()
    const clock = setTimeout(() => reject(new Trouble('unreachable')), ANSWER_DEADLINE_MS)
    this.#waiting.set(transaction, { resolve, reject })
    try {
      await this.#say(`${this.#url}/${handle}`, { janus: 'message', transaction, body, jsep })
      return await promise
    } finally {
      clearTimeout(clock)
      this.#waiting.delete(transaction)
    }
  }

  trickle(handle, candidate) {
    const told = candidate ? candidate.toJSON() : { completed: true }
    return this.#say(`${this.#url}/${handle}`, { janus: 'trickle', candidate: told })
  }

  detach(handle) {
    return this.#say(`${this.#url}/${handle}`, { janus: 'detach' })
  }

  /** Also while the page is going away. */
  end() {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    const body = JSON.stringify({ janus: 'destroy', transaction: crypto.randomUUID() })
    const headers = { 'content-type': 'application/json' }
    fetch(this.#url, { method: 'POST', headers, body, keepalive: true }).catch(() => undefined)
  }

  #say(url, message) {
    return post(url, { transaction: crypto.randomUUID(), ...message }, this.#ending.signal)
  }

  async #listen() {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        const deadline = AbortSignal.timeout(NEWS_DEADLINE_MS)
        const response = await fetch(this.#url, { signal: AbortSignal.any([signal, deadline]) })
        if (!response.ok) throw new Trouble('lost')
        for (const news of [await response.json()].flat()) this.#take(news)
      } catch {
        if (signal.aborted) return
        this.#ending.abort()
        for (const { reject } of this.#waiting.values()) reject(new Trouble('unreachable'))
        this.#lost()
      }
    }
  }

  #take(news) {
    if (news.janus === 'timeout') throw new Trouble('lost')
    if (news.janus === 'hangup') return this.#heard(news.sender, { videoroom: 'hangup' })
    if (news.janus !== 'event') return
    const data = news.plugindata?.data ?? {}
    const asked = this.#waiting.get(news.transaction)
    if (!asked) return this.#heard(news.sender, data, news.jsep)
    if (data.error_code) return asked.reject(new Trouble(CODES[data.error_code] ?? 'unreachable'))
    asked.resolve({ data, jsep: news.jsep })
  }
}

async function post(url, message, signal) {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(message)
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch(() => undefined)
  if (!response) throw new Trouble('unreachable')
  const answer = await response.json().catch(() => ({}))
  if (!response.ok) throw new Trouble(['wrong-link', 'closed'].includes(answer.why) ? answer.why : 'unreachable')
  if (answer.janus === 'error') throw new Trouble('unreachable')
  return answer
}

function promised() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  // Whoever waits hears of it; when nobody does any more, nobody needs to.
  made.promise.catch(() => undefined)
  return made
}
