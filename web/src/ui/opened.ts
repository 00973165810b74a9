// What an opened field says.

import type { Opened } from '../seal/open'

/** Nothing, if it is absent or stays shut. */
export function textOf(opened: Opened | undefined): string {
  return opened && 'text' in opened ? opened.text.trim() : ''
}
