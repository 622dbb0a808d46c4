type Taken = { slot: number; at: string }

/**
 * Takes the lowest free slot of `most`, whoever else takes one at the same time: a key of the table holds each only once.
 * Answers it, or the time of the oldest where all are taken.
 */
export async function takeSlot(
  most: number,
  at: string,
  list: () => Promise<Taken[]>,
  insert: (slot: number) => Promise<{ numInsertedOrUpdatedRows?: bigint | undefined }>,
): Promise<{ slot: number } | { oldest: string }> {
  for (;;) {
    const taken = await list()
    const slots = new Set(taken.map(({ slot }) => slot))
    const slot = Array.from({ length: most }, (_, index) => index).find((index) => !slots.has(index))
    if (slot === undefined) return { oldest: taken[0]?.at ?? at }
    if ((await insert(slot)).numInsertedOrUpdatedRows === 1n) return { slot }
  }
}
