// The pictures of everybody, with their names.

const list = document.getElementById('tiles')
const blank = document.getElementById('tile').content.firstElementChild
const tiles = new Map()

export function show(id, name, stream, isOwn = false) {
  const tile = blank.cloneNode(true)
  tile.dataset.id = id
  tile.classList.toggle('own', isOwn)
  const video = tile.querySelector('video')
  video.muted = isOwn
  video.srcObject = stream
  tiles.set(id, tile)
  list.append(tile)
  call(id, name)
  arrange()
}

export function call(id, name) {
  const tile = tiles.get(id)
  if (!tile) return
  tile.querySelector('.who').textContent = name
  const initials = name.split(/\s+/).filter(Boolean).map((word) => [...word][0])
  const shown = initials.length > 1 ? [initials[0], initials.at(-1)] : initials
  tile.querySelector('.face').textContent = shown.join('').toUpperCase()
}

/** Which devices somebody has switched on. */
export function note(id, { microphone, camera }, muted) {
  const tile = tiles.get(id)
  if (!tile) return
  tile.dataset.microphone = microphone ? 'on' : 'off'
  tile.dataset.camera = camera ? 'on' : 'off'
  tile.querySelector('.muted').setAttribute('aria-label', microphone ? '' : muted)
}

export function drop(id) {
  const tile = tiles.get(id)
  tile?.remove()
  tiles.delete(id)
  arrange()
}

export function clear() {
  for (const id of [...tiles.keys()]) drop(id)
}

export function count() {
  return tiles.size
}

/** As many columns as make the pictures large: by the screen's shape, the style decides which. */
function arrange() {
  const n = Math.max(tiles.size, 1)
  list.style.setProperty('--columns-wide', Math.ceil(Math.sqrt(n)))
  list.style.setProperty('--columns-narrow', n > 3 ? 2 : 1)
}
