// Times on one page agree with one another, in every variant of a language.

import { describe, expect, it } from 'vitest'
import { Times } from './times'

const at = (text: string) => Date.parse(text)
const START = at('2026-11-24T08:26:00Z')
const END = at('2026-11-24T08:51:00Z')
/** Browsers differ in thin and hard spaces. */
const plain = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(' – ', '–')

describe('times', () => {
  it.each(['en-GB', 'en-US', 'de', 'de-AT', 'en'])('are written the same alone and as a range: %s', (locale) => {
    const times = new Times(locale, 'UTC')
    const hour = times.time(START).split(':')[0] ?? ''
    expect(times.range(START, END).split(':')[0]).toBe(hour)
    expect(times.moments(START, END)).toContain(` ${times.range(START, END)}`)
  })

  it.each([
    ['en-GB', '08:26', '08:26–08:51'],
    ['en-US', '8:26 AM', '8:26–8:51 AM'],
    ['de', '08:26', '08:26–08:51 Uhr'],
  ])('%s: %s, %s', (locale, time, range) => {
    const times = new Times(locale, 'UTC')
    expect([times.time(START), times.range(START, END)].map(plain)).toEqual([time, range])
  })

  it.each([
    ['en-GB', /^Tue,? 24 Nov, 08:26–08:51$/],
    ['de', /^Di\.?, 24\. Nov\.?, 08:26–08:51 Uhr$/],
  ])('say the date once: %s', (locale, expected) => {
    expect(plain(new Times(locale, 'UTC').moments(START, END))).toMatch(expected)
  })

  it('say both dates if there are two, where the person is', () => {
    const [late, early] = [at('2026-11-24T22:30:00Z'), at('2026-11-24T23:30:00Z')]
    const here = plain(new Times('en-GB', 'Europe/Berlin').range(late, early))
    expect(here).toMatch(/24 Nov.*23:30.*25 Nov.*00:30/)
    expect(plain(new Times('en-GB', 'UTC').range(late, early))).toBe('22:30–23:30')
  })
})
