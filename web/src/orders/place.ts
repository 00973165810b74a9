// Where a sealed text of an order belongs: the order stands in place of a meeting.

import { framed, headerOf } from '../seal/place'

export interface OrderPlace {
  organization: string
  user: string
  idempotencyKey: string
  field: string
  /** The sender's clock in milliseconds. */
  sentAtMs: number
  keyUrl: string
}

/** Version of the plain texts' format. */
const SCHEMA = 1

export function orderHeader(place: OrderPlace): Promise<string> {
  const { organization, user, idempotencyKey, field, sentAtMs, keyUrl } = place
  const boundTo = framed(['hc1c', organization, user, idempotencyKey, field, String(sentAtMs), String(SCHEMA)])
  return headerOf(keyUrl, boundTo)
}
