type FreeSlot = { slot: number; at: string }

/**
 * Takes the lowest free number below `most`, even where others take one at the same time, because a key of the table holds each number only once.
 * Returns the number, or the time of the oldest entry where all numbers are taken.
 */
export async function takeSlot(
  most: number,
  at: string,
  list: () => Promise<FreeSlot[]>,
  insert: (slot: number) => Promise<{ numInsertedOrUpdatedRows?: bigint | undefined }>,
): Promise<{ slot: number } | { oldest: string }> {
  for (;;) {
    const taken = await list()
    const slots = new Set(taken.map(({ slot }) => slot))
    let slot = 0
    while (slots.has(slot)) slot += 1
    if (slot >= most) return { oldest: taken[0]?.at ?? at }
    if ((await insert(slot)).numInsertedOrUpdatedRows === 1n) return { slot }
  }
}
