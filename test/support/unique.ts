let count = 0

/** A value that no other call of this run has given. */
export const unique = (prefix = 'v'): string => `${prefix}-${(count += 1)}`
