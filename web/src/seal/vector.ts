// The normative test vector of the protected header. For tests only.

import type { SealedPlace } from './place'

export const place: SealedPlace = {
  organization: 'org-1',
  user: 'user-1',
  meeting: 'meeting-1',
  field: 'encryptedSubject',
  revision: 1767225600000,
  schema: 1,
  keyUrl: 'kms://kms.example.org/keys/5f0c8a52-3d1b-4b8e-9a44-0d6a7f3f2b10',
}
export const keyBytes = Uint8Array.from({ length: 32 }, (_, index) => index)
export const keyCheckValue = 'a54bef73cda91d90'
export const contextHex =
  '00000003686331000000056f72672d3100000006757365722d31000000096d656574696e672d3100000010656e637279707465645375626a6563740000000d313736373232353630303030300000000131'
export const jwe =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoia21zOi8va21zLmV4YW1wbGUub3JnL2tleXMvNWYwYzhhNTItM2QxYi00YjhlLTlhNDQtMGQ2YTdmM2YyYjEwIiwiaGMiOiIxIiwiY3giOiJaUU11N2d2M2FsejNHbXdnTk5HekRRIn0..AAECAwQFBgcICQoL.BXeyfKCR4mnoN_7uxg.nHYSH1hw8I-2XwdPTrX8VA'

export function importKey(usage: 'decrypt' | 'encrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', keyBytes, 'AES-GCM', false, [usage])
}
