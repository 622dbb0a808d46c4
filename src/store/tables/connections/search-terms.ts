import type { Connection } from '../../schema/tables.ts'

/** A searched connection holds the columns that search terms are made of. */
export type Searched = Pick<Connection, 'carrier_id' | 'nickname' | 'account_number'>

/** A term is cut after `LONGEST_TERM` characters, because an index takes no more, and a connection has at most `MOST_TERMS` terms. */
const LONGEST_TERM = 64
const MOST_TERMS = 64
const LONGEST_NAME = 100

const ACCENTS = /[\u0300-\u036f]/gu
const SEPARATORS = /[\p{P}\p{Z}\p{C}$+<=>^`|~]+/u
/** `UNSPACED` matches a character of a script that puts no space between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
const PLAIN: Record<string, string> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  þ: 'th',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
}
const LETTERS = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu')

/** Removes differences of letter case and accents: `Łódź` and `LODZ` become the same text, and so do `Straße` and `STRASSE`. */
export function foldText(text: string): string {
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
  foldText(text)
    .split(/\s+/u)
    .map((token) => token.split(SEPARATORS).filter((word) => word !== ''))
    .filter((words) => words.length > 0)

/** Lists the endings of a word that begin with a later character of a script without spaces between words, because another word may begin there. */
const startsOf = (word: string): string[] => {
  const letters = [...word]
  return letters.flatMap((letter, at) =>
    at > 0 && UNSPACED.test(letter) ? [letters.slice(at).join('')] : [],
  )
}

/**
 * Lists the terms by which a connection is found: the words of its nickname and account number, the same words joined where only punctuation separates them,
 * and its id with and without the part before the first hyphen.
 */
export function listTerms({ carrier_id, nickname, account_number }: Searched): string[] {
  const id = tokensOf(carrier_id).flat()
  const account = tokensOf(account_number ?? '')
  const name = tokensOf(nickname ?? '')
  const words = [...name, ...account].flat()
  const terms = [
    id.join(''),
    id.slice(1).join(''),
    account.flat().join(''),
    ...[...name, ...account].map((token) => token.join('')),
    ...words,
    ...words.flatMap(startsOf),
  ]
  const short = terms.filter((term) => term !== '').map((term) => cut(term, LONGEST_TERM))
  return [...new Set(short)].slice(0, MOST_TERMS)
}

/** Lists the words of a search text; a connection matches where each word is the beginning of one of its terms. */
export function splitWords(question: string): string[] {
  const words = new Set(tokensOf(question).map((token) => cut(token.join(''), LONGEST_TERM)))
  return [...words].filter((word) => ![...words].some((other) => other !== word && other.startsWith(word)))
}

/** Returns the text by which a nickname is sorted; connections without a nickname come last. */
export const nameKeyOf = (nickname: string | null): string =>
  nickname === null ? '1' : `0${cut(foldText(nickname), LONGEST_NAME)}`

/** No text contains `LAST_CHARACTER`, so every term that begins with a word sorts before the word followed by `LAST_CHARACTER`. */
export const LAST_CHARACTER = '\u{10FFFF}'
