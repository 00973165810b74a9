// Reads a server-sent event stream from pieces of text. Pure; the caller owns the connection.

/** One message; larger ones break the stream rather than the tab. */
const MESSAGE_CHARACTERS_MAX = 4 * 1024 * 1024

export interface StreamEvent {
  event: string
  data: string
  id: string | undefined
}

export class EventReader {
  /** What the server wants between two connections. */
  retryMs: number | undefined
  #rest = ''
  #event = ''
  #data: string[] = []
  #id: string | undefined
  #size = 0

  /** Events completed by this piece, oldest first. Comments complete nothing. */
  read(piece: string): StreamEvent[] {
    const events: StreamEvent[] = []
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') this.#finish(events)
      else this.#line(line)
    }
    if (this.#size + this.#rest.length > MESSAGE_CHARACTERS_MAX) throw new RangeError('message too long')
    return events
  }

  #line(line: string) {
    this.#size += line.length
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^[0-9]{1,6}$/.test(value)) this.retryMs = Number(value)
  }

  #finish(events: StreamEvent[]) {
    if (this.#data.length > 0) {
      events.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id })
    }
    this.#event = ''
    this.#data = []
    this.#id = undefined
    this.#size = 0
  }
}
