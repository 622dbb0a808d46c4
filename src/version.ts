import { readFileSync } from 'node:fs'

/** `version` is the version in package.json, which lies one level above the program in a checkout and in a package. */
export const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version
