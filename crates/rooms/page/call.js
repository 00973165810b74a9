// One stay in a room: what we send, and a connection for each of the others.

import { Session } from './janus.js'

const CONNECTION = { bundlePolicy: 'max-bundle' }
/** What the others are told of a microphone or camera. */
const ON = 'on'
const OFF = 'off'

export class Call {
  #session
  #room
  #pin
  #handle
  #sending
  #senders = {}
  #states = {}
  #others = new Map()
  #on

  /**
   * `tracks` holds `microphone` and `camera`, each perhaps missing. `on` hears `came(id, name, stream)`,
   * `noted(id, devices)`, `went(id)`, `closed()` and, once, `lost()`.
   */
  static async join({ room, pin, name, tracks, on }) {
    const call = new Call(room, pin, on)
    const heard = (...news) => call.#heard(...news)
    call.#session = await Session.enter(room, pin, { heard, lost: () => call.#lose() })
    try {
      await call.#enter(name, tracks)
      return call
    } catch (trouble) {
      call.leave()
      throw trouble
    }
  }

  constructor(room, pin, on) {
    this.#room = room
    this.#pin = pin
    this.#on = on
  }

  /** What the room is called, if its server was told. */
  title = ''

  /** Another track, or none: the camera's light goes out when the camera is off. */
  async send(device, track) {
    await this.#senders[device].replaceTrack(track ?? null)
    this.#states[device] = track ? ON : OFF
    await this.#session.ask(this.#handle, { request: 'configure', descriptions: this.#descriptions() })
  }

  leave() {
    this.#sending?.close()
    for (const { connection } of this.#others.values()) connection?.close()
    this.#others.clear()
    this.#session?.end()
  }

  /** How the media are doing, for whoever measures. */
  connections() {
    return [this.#sending, ...[...this.#others.values()].map(({ connection }) => connection)].filter(Boolean)
  }

  async #enter(name, tracks) {
    this.#handle = await this.#session.attach()
    const join = { request: 'join', ptype: 'publisher', room: this.#room, pin: this.#pin, display: name }
    const { data } = await this.#session.ask(this.#handle, join)
    this.title = data.description === '-' ? '' : (data.description ?? '')
    await this.#publish(tracks)
    this.#meet(data.publishers)
  }

  /** Both kinds are announced from the beginning, so that either may come later. */
  async #publish(tracks) {
    const sending = (this.#sending = new RTCPeerConnection(CONNECTION))
    for (const [device, kind] of [['microphone', 'audio'], ['camera', 'video']]) {
      const track = tracks[device]
      this.#senders[device] = sending.addTransceiver(track ?? kind, { direction: 'sendonly' }).sender
      this.#states[device] = track ? ON : OFF
    }
    this.#tend(sending, this.#handle)
    await sending.setLocalDescription()
    const publish = { request: 'publish', descriptions: this.#descriptions() }
    const { jsep } = await this.#session.ask(this.#handle, publish, sending.localDescription)
    await sending.setRemoteDescription(jsep)
  }

  #descriptions() {
    const of = (device) => this.#sending.getTransceivers().find(({ sender }) => sender === this.#senders[device])
    return Object.keys(this.#senders).map((device) => ({ mid: of(device).mid, description: this.#states[device] }))
  }

  #tend(connection, handle) {
    connection.onicecandidate = ({ candidate }) => this.#session.trickle(handle, candidate).catch(() => undefined)
    connection.onconnectionstatechange = () => connection.connectionState === 'failed' && this.#lose()
  }

  #heard(handle, data, jsep) {
    if (data.videoroom === 'destroyed') return this.#close()
    if (data.videoroom === 'hangup') return handle === this.#handle && this.#lose()
    if (data.publishers) this.#meet(data.publishers)
    for (const gone of [data.unpublished, data.leaving]) {
      // A number or name; `ok` speaks of ourselves.
      if (gone !== undefined && gone !== 'ok') this.#part(gone)
    }
    const other = [...this.#others.values()].find((each) => each.handle === handle)
    if (other && jsep?.type === 'offer') this.#answer(other, jsep).catch(() => this.#lose())
  }

  #meet(publishers = []) {
    for (const { id, display, streams } of publishers) {
      const isNew = !this.#others.has(id)
      if (isNew) this.#subscribe(id, display ?? '').catch(() => this.#part(id))
      this.#on.noted(id, devicesOf(streams))
    }
  }

  async #subscribe(id, name) {
    const stream = new MediaStream()
    const other = { handle: undefined, connection: undefined, stream }
    this.#others.set(id, other)
    this.#on.came(id, name, stream)
    other.handle = await this.#session.attach()
    const streams = [{ feed: id }]
    const join = { request: 'join', ptype: 'subscriber', room: this.#room, pin: this.#pin, streams }
    const { jsep } = await this.#session.ask(other.handle, join)
    if (this.#others.get(id) === other) await this.#answer(other, jsep)
  }

  async #answer(other, offer) {
    const connection = (other.connection ??= new RTCPeerConnection(CONNECTION))
    this.#tend(connection, other.handle)
    connection.ontrack = ({ track }) => other.stream.addTrack(track)
    await connection.setRemoteDescription(offer)
    await connection.setLocalDescription()
    await this.#session.ask(other.handle, { request: 'start', room: this.#room }, connection.localDescription)
  }

  #part(id) {
    const other = this.#others.get(id)
    if (!other) return
    this.#others.delete(id)
    other.connection?.close()
    if (other.handle) this.#session.detach(other.handle).catch(() => undefined)
    this.#on.went(id)
  }

  #close() {
    this.leave()
    this.#on.closed()
  }

  #lose() {
    const { lost } = this.#on
    this.#on = { ...this.#on, lost: () => undefined }
    this.leave()
    lost()
  }
}

/** `{ microphone: true, camera: false }`, from what a sender says of its streams. */
function devicesOf(streams = []) {
  const isOn = (kind) => streams.some(({ type, description }) => type === kind && description !== OFF)
  return { microphone: isOn('audio'), camera: isOn('video') }
}
