// Reading an event stream, however the network cuts it.

import { expect, it } from 'vitest'
import { EventReader } from './sse'

const stream = 'retry: 2500\n: ping\n\nid: 3-7\nevent: a\ndata: {"x":\ndata: 1}\n\ndata: Grüße\r\n\r\nevent: no data\n\nid: 3-8\rdata:b\r\r'
const expected = [
  { event: 'a', data: '{"x":\n1}', id: '3-7' },
  { event: 'message', data: 'Grüße', id: undefined },
  { event: 'message', data: 'b', id: '3-8' },
]

it.each([1, 2, 3, 5, 1000])('reads the same in pieces of %i', (size) => {
  const reader = new EventReader()
  const events = []
  for (let at = 0; at < stream.length; at += size) events.push(...reader.read(stream.slice(at, at + size)))
  // A last carriage return might be half of a line end; the next piece tells.
  events.push(...reader.read(': ping\n'))
  expect(events).toEqual(expected)
  expect(reader.retryMs).toBe(2500)
})

it('ignores odd retry times', () => {
  const reader = new EventReader()
  reader.read('retry: -1\nretry: soon\nretry: 99999999\n\n')
  expect(reader.retryMs).toBeUndefined()
})

it('gives up on a message without end', () => {
  const reader = new EventReader()
  const line = `data: ${'x'.repeat(1024 * 1024)}\n`
  expect(() => Array.from({ length: 6 }, () => reader.read(line))).toThrow(RangeError)
})
