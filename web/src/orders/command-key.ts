// The key under which orders are sealed: for the person and the connectors only.

import { ask, readAnswer, type KeyServer } from '../seal/keys'
import type { Shut } from '../seal/open'
import { keyHost } from '../seal/place'
import type { CommandKey } from './order'

/** The current one, made if there is none. */
export async function fetchCommandKey(
  server: KeyServer,
  user: string,
  token: string,
): Promise<CommandKey | Shut> {
  const host = `kms://${server.kmsHost}`
  const request = { method: 'create', uri: `${host}/keys`, resourceUri: `${host}/resources/${user}`, purpose: 'command' }
  const answer = await ask(server, user, token, request).catch(() => undefined)
  if (!answer) return 'key-server-unreachable'
  const url = answer.key?.uri
  if (answer.status < 300 && (url === undefined || keyHost(url) !== server.kmsHost)) return 'tampered'
  const key = await readAnswer(url ?? '', answer, 'encrypt')
  return typeof key === 'string' ? key : { url: url ?? '', key }
}
