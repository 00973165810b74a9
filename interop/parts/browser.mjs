// Debian's Chromium, led by Playwright: a person at the web app.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { ZONE } from './times.mjs'

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const STATE_DEADLINE_MS = 20_000
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]
/** A camera and a microphone that need nobody, and calls from this computer to itself. */
const CALL_FLAGS = [
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--allow-loopback-in-peer-connection',
]
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

export async function openBrowser() {
  const browser = await chromium.launch({ executablePath: PROGRAM, args: FLAGS })
  return { browser, ...(await openPage(browser)) }
}

/** A browser whose people have cameras. */
export function openCallBrowser() {
  return chromium.launch({ executablePath: PROGRAM, args: [...FLAGS, ...CALL_FLAGS] })
}

/** Somebody with a browser window of their own, that knows nothing of the others. */
export async function openPage(browser, locale = 'en-GB') {
  const context = await browser.newContext({ locale, timezoneId: ZONE, viewport: SIZES.desktop })
  context.setDefaultTimeout(STATE_DEADLINE_MS)
  const page = await context.newPage()
  const complaints = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  const strangers = []
  page.on('request', (request) => isStranger(request.url()) && strangers.push(request.url()))
  return { page, complaints, strangers }
}

/** Everything the page asks for is on this computer. */
function isStranger(url) {
  const { protocol, hostname } = new URL(url)
  return protocol.startsWith('http') && hostname !== '127.0.0.1'
}

/** Through the development issuer's own page. */
export async function signIn(page, { appUrl, people }, user, look = async () => undefined) {
  const person = people.find((each) => each.user === user)
  await page.goto(appUrl)
  await page.getByTestId('sign-in').waitFor()
  await look('sign-in')
  await page.getByTestId('sign-in').click()
  await page.locator(`input[name=address][value="${person.address}"]`).check()
  await look('issuer')
  await page.locator('input[type=password]').fill(person.password)
  await page.locator('button[type=submit]').click()
  await page.locator('[data-testid=connection][data-state=live]').waitFor()
}

/** Pictures to look at, if `SHOTS` names a folder: light and dark, desktop and phone. */
export function photographer(page) {
  const folder = process.env.SHOTS
  if (!folder) return async () => undefined
  mkdirSync(folder, { recursive: true })
  return async (name) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport)
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
      }
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
    await page.setViewportSize(SIZES.desktop)
  }
}
