// Who is asked about, and who is away.

import { describe, expect, it } from 'vitest'
import { absencesOf, colleagues } from './absences'

describe('absences', () => {
  it('are asked for of the same house only, each once', () => {
    const addresses = ['Bob@Example.com', 'bob@example.com', 'eve@elsewhere.example', 'x@sub.example.com', 'example.com', '']
    expect(colleagues(addresses, 'alice@EXAMPLE.com')).toEqual(['bob@example.com'])
    expect(colleagues(addresses, '')).toEqual([])
    expect(colleagues(Array.from({ length: 80 }, (_, n) => `p${n}@example.com`), 'a@example.com')).toHaveLength(50)
  })

  it('end by themselves, and name nobody who was not asked for', () => {
    const now = Date.parse('2026-11-25T10:00:00Z')
    const addresses = new Map([['1', 'ann@example.com'], ['2', 'bob@example.com'], ['3', 'carl@example.com'], ['4', 'dan@example.com']])
    const statuses = [
      { subject: '1', status: 'ooo', expiresTime: '2026-11-26T10:00:00Z' },
      { subject: '2', status: 'ooo' },
      { subject: '3', status: 'ooo', expiresTime: '2026-11-25T10:00:00Z' },
      { subject: '4', status: 'unknown' },
      { subject: '5', status: 'ooo' },
    ]
    expect([...absencesOf(statuses, addresses, now)]).toEqual([
      ['ann@example.com', now + 86_400_000],
      ['bob@example.com', undefined],
    ])
    expect(absencesOf([{ subject: '1', status: 'ooo', expiresTime: 'soon' }], addresses, now).size).toBe(0)
  })
})
