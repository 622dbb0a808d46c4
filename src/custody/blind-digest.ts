import type { Context } from '../context.ts'

/** Returns a digest that is the same for equal parts in this installation, and that a thief of the database cannot try guesses against. A rotation of the data key changes the digest. */
export function blindDigest({ keyring }: Pick<Context, 'keyring'>, ...parts: string[]): Buffer {
  return keyring.digest(parts)
}
