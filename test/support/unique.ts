let count = 0

/** Makes up a value that no other call of this run has given. */
export const unique = (prefix = 'v'): string => `${prefix}-${(count += 1)}`

/** Answers a number of nine digits that no other call of this run has given. */
export const uniqueNumber = (): number => 100_000_000 + (count += 1)
