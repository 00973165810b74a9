// Writes a compressed copy beside each built file, and refuses a first load that grew too heavy.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const FIRST_LOAD_SCRIPT_BYTES_MAX = 60_000
const dist = new URL('../dist/', import.meta.url).pathname

const built = readdirSync(dist, { recursive: true })
  .map(String)
  .filter((name) => /\.(js|css|html|svg)$/.test(name))
let scriptBytes = 0
for (const name of built) {
  const plain = readFileSync(join(dist, name))
  const gzip = gzipSync(plain, { level: 9 })
  const brotli = brotliCompressSync(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  })
  writeFileSync(join(dist, `${name}.gz`), gzip)
  writeFileSync(join(dist, `${name}.br`), brotli)
  if (name.endsWith('.js')) scriptBytes += gzip.length
  console.log(`${name}: ${plain.length} bytes, gzip ${gzip.length}, brotli ${brotli.length}`)
}
if (scriptBytes > FIRST_LOAD_SCRIPT_BYTES_MAX) {
  console.error(`script ${scriptBytes} bytes compressed, more than ${FIRST_LOAD_SCRIPT_BYTES_MAX}`)
  process.exit(1)
}
