// The derived id of a person; the expected value was computed with Python's uuid module.

import { expect, it } from 'vitest'
import { userId } from './user-id'

it('derives the id everybody else derives', async () => {
  expect(await userId('demo', 'alice@example.com')).toBe('46d8d9f9-6c58-521d-b723-53127cd346fa')
  expect(await userId('demo', ' Alice@Example.com ')).toBe('46d8d9f9-6c58-521d-b723-53127cd346fa')
  expect(await userId('other', 'alice@example.com')).not.toBe('46d8d9f9-6c58-521d-b723-53127cd346fa')
})
