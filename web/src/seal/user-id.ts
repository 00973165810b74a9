// The id of a person, derived from the address as cloud, connector and key server do it.

/** RFC 9562, appendix: the namespace of addresses on the web. */
const NAMESPACE_URL = '6ba7b811-9dad-11d1-80b4-00c04fd430c8'

export async function userId(organization: string, address: string): Promise<string> {
  const namespace = await uuid5(NAMESPACE_URL, `hybridcal:${organization}`)
  return uuid5(namespace, address.trim().toLowerCase())
}

async function uuid5(namespace: string, name: string): Promise<string> {
  const space = Uint8Array.from(namespace.replaceAll('-', '').match(/../g) ?? [], (hex) =>
    parseInt(hex, 16),
  )
  const input = new Uint8Array([...space, ...new TextEncoder().encode(name)])
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', input)).subarray(0, 16)
  const hex = Array.from(hash, (byte, at) => {
    const marked = at === 6 ? (byte & 0x0f) | 0x50 : at === 8 ? (byte & 0x3f) | 0x80 : byte
    return marked.toString(16).padStart(2, '0')
  }).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
