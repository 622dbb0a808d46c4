import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPage, PART, type PageSpan } from './pages.ts'

/** Makes an ordered list of the matching numbers below `length`; `touched` records how many numbers each query went through. */
function listOf(length: number, matches: (number: number) => boolean) {
  const touched: number[] = []
  const within = ({ after = -1, last = length - 1 }: PageSpan<number>) => {
    touched.push(last - after)
    return Array.from({ length: last - after }, (_, index) => after + 1 + index).filter(matches)
  }
  return {
    touched,
    ordered: {
      boundary: async (after: number | undefined) => {
        const last = (after ?? -1) + PART
        return last < length ? last : undefined
      },
      count: async (span: PageSpan<number>) => within(span).length,
      rows: async (span: PageSpan<number>, { limit, offset }: { limit: number; offset: number }) =>
        within(span).slice(offset, offset + limit),
    },
  }
}

const filters: Record<string, (number: number) => boolean> = {
  all: () => true,
  'every third': (number) => number % 3 === 0,
  'a few': (number) => number % 1_999 === 7,
  none: () => false,
}

for (const [name, matches] of Object.entries(filters))
  test(`every page of ${name} is the right one, and no question goes through more than a part`, async () => {
    for (const length of [0, 1, PART - 1, PART, PART + 1, 3 * PART + 17]) {
      const expected = Array.from({ length }, (_, number) => number).filter(matches)
      for (const limit of [1, 25, 500])
        for (const offset of [0, limit, PART - 3, PART, 2 * PART - 1, expected.length - 1, expected.length]) {
          if (offset < 0) continue
          const page = expected.slice(offset, offset + limit)
          for (const total of [undefined, expected.length]) {
            const { ordered, touched } = listOf(length, matches)
            const found = await findPage({ limit, offset }, { ...ordered, total })
            assert.deepEqual(found, { rows: page, total: expected.length })
            // With a known total, a page near the start takes one query, which the limit bounds.
            if (total === undefined) assert.ok(touched.every((count) => count <= PART))
          }
        }
    }
  })
