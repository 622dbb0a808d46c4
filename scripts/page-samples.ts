import { readFileSync } from 'node:fs'

/** A block is a fenced block of a page, with the language that the block names. */
export type Block = { language: string; text: string }

/** A sample is a file that a page shows complete; the comment on its first line says where the file stands. */
export type Sample = { path: string; text: string }

/** `CARRIER_PAGE` is the page whose samples are whole files; a test follows the page word for word. */
export const CARRIER_PAGE = 'docs/adding-a-carrier.md'

/** Lists the fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', text = '']) => ({ language, text }),
  )
}

/** Lists the TypeScript files that a page shows; throws for a block that does not say which file it is. */
export function samplesOf(page: string): Sample[] {
  return blocksOf(page)
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => {
      const path = /^\/\/ (src\/\S+\.ts)\n/.exec(text)?.[1]
      if (path === undefined) throw new Error(`${page}: the first line of a sample has to name its file.`)
      return { path, text }
    })
}
