// Somebody at the join page: comes in, looks around, and is looked at.

import assert from 'node:assert/strict'
import { until } from './steps.mjs'

/** As a person does it: a name, then the button. */
export async function joinRoom(page, link, name, passcode) {
  await page.goto(link)
  await page.getByTestId('name').fill(name)
  if (passcode) await page.getByTestId('pin').fill(passcode)
  await page.getByTestId('join').click()
  await page.locator('body[data-stage=call]').waitFor()
}

/** The others' pictures as they are drawn, and what arrives for them. */
export async function lookAround(page) {
  return page.evaluate(async () => {
    const reports = await Promise.all(globalThis.hybridcalRoom.connections().map((each) => each.getStats()))
    const arriving = reports.flatMap((report) => [...report.values()]).filter(({ type }) => type === 'inbound-rtp')
    const sum = (kind, what) => arriving.filter((each) => each.kind === kind).reduce((total, each) => total + (each[what] ?? 0), 0)
    const canvas = new OffscreenCanvas(16, 9).getContext('2d', { willReadFrequently: true })
    const others = [...document.querySelectorAll('#tiles > li:not(.own)')].map((tile) => {
      const video = tile.querySelector('video')
      if (video.videoWidth) canvas.drawImage(video, 0, 0, 16, 9)
      const [, green] = canvas.getImageData(8, 1, 1, 1).data
      return {
        name: tile.querySelector('.who').textContent, width: video.videoWidth, height: video.videoHeight,
        time: video.currentTime, green, microphone: tile.dataset.microphone, camera: tile.dataset.camera,
      }
    })
    return { others, frames: sum('video', 'framesDecoded'), sounds: sum('audio', 'packetsReceived') }
  })
}

/** Waits until the others' pictures move: frames are decoded, and what is drawn comes from a camera. */
export async function seesMoving(page, names) {
  const ofSeen = ({ others }) => others.map(({ name }) => name).sort()
  const first = await until(`pictures of ${names}`, () => lookAround(page), (seen) => {
    assert.deepEqual(ofSeen(seen), [...names].sort())
    return seen.others.every(({ width, height, time }) => width > 0 && height > 0 && time > 0) && seen.frames > 0
  })
  return until('frames that advance', () => lookAround(page), (seen) => {
    const isLater = ({ name, time }) => time > first.others.find((each) => each.name === name).time
    // The made-up camera shows green; a picture that never came is black.
    return seen.frames > first.frames + 10 && seen.sounds > first.sounds + 10 &&
      seen.others.every((other) => isLater(other) && other.green > 60)
  })
}

export async function notice(page) {
  await page.locator('body[data-stage=notice]').waitFor()
  return page.getByTestId('notice').innerText()
}
