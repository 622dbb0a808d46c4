import type { Connection } from '../../schema/tables.ts'

/** What a connection is searched by. */
export type Searched = Pick<Connection, 'carrier_id' | 'nickname' | 'account_number'>

/** Longer terms are cut, since an index takes no more; so many of one connection are kept. */
const LONGEST_TERM = 64
const MOST_TERMS = 64
const LONGEST_NAME = 100

const ACCENTS = /[\u0300-\u036f]/gu
const SEPARATORS = /[\p{P}\p{Z}\p{C}$+<=>^`|~]+/u
/** Scripts that put no space between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
const PLAIN: Record<string, string> = {
  ...{ ø: 'o', ł: 'l', đ: 'd', ð: 'd', ħ: 'h', þ: 'th', æ: 'ae', œ: 'oe', ς: 'σ' },
}
const LETTERS = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu')

/** Folds letter case and accents away: `Łódź` and `LODZ` become the same text, and `Straße` the same as `STRASSE`. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(LETTERS, (letter) => PLAIN[letter] ?? letter)
}

const cut = (text: string, most: number): string => [...text].slice(0, most).join('')
const tokensOf = (text: string): string[][] =>
  fold(text)
    .split(/\s+/u)
    .map((token) => token.split(SEPARATORS).filter((word) => word !== ''))
    .filter((words) => words.length > 0)

/** A word from each place where another may begin, in scripts that put no space there. */
const startsOf = (word: string): string[] => {
  const letters = [...word]
  return letters.flatMap((letter, at) =>
    at > 0 && UNSPACED.test(letter) ? [letters.slice(at).join('')] : [],
  )
}

/** The terms that a connection is found by: each word of its nickname and account number, what punctuation takes apart as one word too, and its id with and without what stands before the first hyphen. */
export function termsOf({ carrier_id, nickname, account_number }: Searched): string[] {
  const id = tokensOf(carrier_id).flat()
  const account = tokensOf(account_number ?? '')
  const name = tokensOf(nickname ?? '')
  const words = [...name, ...account].flat()
  const terms = [
    ...[id.join(''), id.slice(1).join(''), account.flat().join('')],
    ...[...name, ...account].map((token) => token.join('')),
    ...words,
    ...words.flatMap(startsOf),
  ]
  const short = terms.filter((term) => term !== '').map((term) => cut(term, LONGEST_TERM))
  return [...new Set(short)].slice(0, MOST_TERMS)
}

/** The beginnings of terms that a question names, each of which a connection has to have. */
export function wordsOf(question: string): string[] {
  const words = new Set(tokensOf(question).map((token) => cut(token.join(''), LONGEST_TERM)))
  return [...words].filter((word) => ![...words].some((other) => other !== word && other.startsWith(word)))
}

/** What stands for a nickname in an order of nicknames: the ones without one come last. */
export const nameKeyOf = (nickname: string | null): string =>
  nickname === null ? '1' : `0${cut(fold(nickname), LONGEST_NAME)}`

/** Nothing that begins with a word stands behind it, since no text has this character. */
export const LAST_CHARACTER = '\u{10FFFF}'
