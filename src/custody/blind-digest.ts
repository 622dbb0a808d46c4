import type { Context } from '../context.ts'

/** What equal parts have in common in this installation, and nothing that a thief of the database could try guesses against. A rotation of the data key changes it. */
export function blindDigest({ keyring }: Pick<Context, 'keyring'>, ...parts: string[]): Buffer {
  return keyring.digest(parts)
}
