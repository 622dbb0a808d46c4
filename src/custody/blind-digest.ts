import type { Context } from '../context.ts'

/** Returns a digest that is the same for equal parts in this installation. Somebody who has only the database cannot find the parts by trying guesses. A rotation of the data key changes the digest. */
export function blindDigest({ keyring }: Pick<Context, 'keyring'>, ...parts: string[]): Buffer {
  return keyring.digest(parts)
}
