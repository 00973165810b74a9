// The page: who one is and what one shows, then the call, then what became of it.

import { Call } from './call.js'
import { LANGUAGES, translate, usualLanguage } from './words.js'
import * as tiles from './tiles.js'

const OWN = 'own'
const NAME_KEY = 'hybridcal.room.name'
const LANGUAGE_KEY = 'hybridcal.room.language'
const AGAIN_FIRST_MS = 1_000
const AGAIN_MAX_MS = 15_000
/** A quarter of an hour without a connection is the end. */
const AGAIN_COUNT_MAX = 60
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 } }
const KINDS = { microphone: 'audio', camera: 'video' }

const by = (id) => document.getElementById(id)
const room = location.pathname.split('/')[2] ?? ''
const linkPin = () => decodeURIComponent(location.hash.slice(1))

let words = LANGUAGES.en
let call
let notice
const names = new Map()
const noted = new Map()
const tracks = { microphone: undefined, camera: undefined }
const own = new MediaStream()

// Words

function speak(language) {
  words = translate(language)
  for (const button of document.querySelectorAll('[data-device]')) paint(button)
  if (notice) tell(notice)
  if (!call?.title) document.title = words.meeting
  if (call) retitle()
  tellDevices()
  callTiles()
}

function callTiles() {
  for (const [id, name] of names) {
    tiles.call(id, id === OWN ? words.you(name) : name)
    tiles.note(id, noted.get(id) ?? {}, words.isMuted)
  }
}

// Camera and microphone

function paint(button) {
  const { device } = button.dataset
  const isOn = Boolean(tracks[device])
  const icon = by(`icon-${device}`).content.firstElementChild.cloneNode(true)
  const text = document.createElement('span')
  text.textContent = words[device + (isOn ? 'Off' : 'On')]
  button.replaceChildren(icon, text)
  button.classList.toggle('off', !isOn)
}

async function take(device) {
  const wanted = { [KINDS[device]]: device === 'camera' ? PICTURE : true }
  const stream = await navigator.mediaDevices.getUserMedia(wanted)
  const [track] = stream.getTracks()
  // Unplugged, or taken away by the browser.
  track.onended = () => tracks[device] === track && put(device, undefined)
  return track
}

/** `asked` at the beginning: then a refusal is no surprise worth a word of its own. */
async function takeBoth() {
  for (const device of ['microphone', 'camera']) {
    const track = await take(device).catch(() => undefined)
    if (track) await put(device, track)
  }
  tellDevices()
}

async function put(device, track) {
  const before = tracks[device]
  tracks[device] = track
  if (before) own.removeTrack(before)
  if (before && before !== track) before.stop()
  if (track) own.addTrack(track)
  for (const button of document.querySelectorAll(`[data-device=${device}]`)) paint(button)
  by('no-picture').hidden = Boolean(tracks.camera)
  by('preview').hidden = !tracks.camera
  noteOwn()
  await call?.send(device, track).catch(() => undefined)
}

async function toggle(device) {
  const track = tracks[device] ? undefined : await take(device).catch(() => undefined)
  await put(device, track)
  tellDevices()
}

function tellDevices() {
  const { microphone, camera } = tracks
  const word = !microphone && !camera ? 'noDevices' : !camera ? 'noCamera' : !microphone ? 'noMicrophone' : undefined
  by('devices').textContent = word ? words[word] : ''
}

function noteOwn() {
  noted.set(OWN, { microphone: Boolean(tracks.microphone), camera: Boolean(tracks.camera) })
  tiles.note(OWN, noted.get(OWN), words.isMuted)
}

// Stages

function stage(name) {
  document.body.dataset.stage = name
  for (const id of ['lobby', 'call', 'notice']) by(id).hidden = id !== name
}

function say(text) {
  by('status').textContent = text
}

function tell(why) {
  notice = why
  const [heading, text] = words.notices[why]
  by('notice-heading').textContent = heading
  by('notice-text').textContent = text
  stage('notice')
}

function end(why) {
  call = undefined
  tiles.clear()
  names.clear()
  noted.clear()
  say('')
  tell(why)
  by('notice').focus()
}

function lobby() {
  notice = undefined
  by('pin-row').hidden = Boolean(linkPin())
  by('pin').required = !linkPin()
  stage('lobby')
}

// The call

const on = {
  came(id, name, stream) {
    names.set(id, name)
    tiles.show(id, name, stream)
    say(words.came(name))
    by('alone').hidden = tiles.count() > 1
  },
  noted(id, devices) {
    noted.set(id, devices)
    tiles.note(id, devices, words.isMuted)
  },
  went(id) {
    say(words.went(names.get(id) ?? ''))
    names.delete(id)
    noted.delete(id)
    tiles.drop(id)
    by('alone').hidden = tiles.count() > 1
  },
  closed: () => end('closed'),
  lost: () => again(),
}

async function join(name, pin) {
  tiles.clear()
  names.clear()
  names.set(OWN, name)
  tiles.show(OWN, words.you(name), own, true)
  noteOwn()
  by('alone').hidden = false
  call = await Call.join({ room, pin, name, tracks, on })
  stage('call')
  say('')
  retitle()
}

function retitle() {
  const title = call?.title || words.meeting
  document.title = title
  by('title').textContent = title
}

let entry = { name: '', pin: '' }

async function enter() {
  say(words.joining)
  try {
    await join(entry.name, entry.pin)
  } catch (trouble) {
    end(trouble.why ?? 'unreachable')
  }
}

async function again() {
  call = undefined
  say(words.lost)
  for (let count = 0; count < AGAIN_COUNT_MAX; count += 1) {
    await new Promise((done) => setTimeout(done, Math.min(AGAIN_FIRST_MS * 2 ** count, AGAIN_MAX_MS)))
    try {
      return await join(entry.name, entry.pin)
    } catch (trouble) {
      if (trouble.why !== 'unreachable') return end(trouble.why ?? 'unreachable')
    }
  }
  end('unreachable')
}

// What people do

by('entry').addEventListener('submit', (event) => {
  event.preventDefault()
  entry = { name: by('name').value.trim(), pin: linkPin() || by('pin').value.trim().toLowerCase() }
  if (!entry.name) return by('name').focus()
  localStorage.setItem(NAME_KEY, entry.name)
  enter()
})
by('leave').addEventListener('click', () => {
  call?.leave()
  end('left')
})
by('again').addEventListener('click', lobby)
by('language').addEventListener('change', ({ target }) => {
  localStorage.setItem(LANGUAGE_KEY, target.value)
  speak(target.value)
})
for (const button of document.querySelectorAll('[data-device]')) {
  button.addEventListener('click', () => toggle(button.dataset.device))
}
addEventListener('pagehide', () => call?.leave())
addEventListener('hashchange', () => document.body.dataset.stage === 'lobby' && lobby())

const language = usualLanguage(localStorage.getItem(LANGUAGE_KEY))
by('language').value = language
by('name').value = localStorage.getItem(NAME_KEY) ?? ''
by('preview').srcObject = own
speak(language)
if (!room) {
  end('wrong-link')
} else if (!globalThis.RTCPeerConnection || !navigator.mediaDevices) {
  end('unable')
} else {
  lobby()
  takeBoth()
}

// For those who measure: the connections of the call that is going on.
globalThis.hybridcalRoom = { connections: () => call?.connections() ?? [] }
