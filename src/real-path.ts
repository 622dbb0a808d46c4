import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** `MOST_LINKS` is the number of links that an operating system follows. */
const MOST_LINKS = 40

/** Returns the path behind symbolic links, also where the path or the target of a link does not exist yet; returns a path that cannot be followed unchanged. */
export function realPath(path: string): string {
  return follow(path, MOST_LINKS) ?? path
}

function follow(path: string, links: number): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || links === 0) return undefined
  }
  const parent = dirname(path) === path ? path : follow(dirname(path), links)
  if (parent === undefined || parent === path) return parent
  const target = targetOf(path)
  return target === undefined ? join(parent, basename(path)) : follow(resolve(parent, target), links - 1)
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
