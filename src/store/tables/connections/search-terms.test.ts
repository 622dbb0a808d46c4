import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { foldText, LAST_CHARACTER, nameKeyOf, listTerms, splitWords } from './search-terms.ts'

const row = (nickname: string | null, account_number: string | null) => ({
  carrier_id: 'se-0k1',
  nickname,
  account_number,
})
const finds = (
  question: string,
  { nickname, account = null }: { nickname: string; account?: string | null },
) => {
  const terms = listTerms(row(nickname, account))
  return splitWords(question).every((word) =>
    terms.some((term) => term >= word && term < word + LAST_CHARACTER),
  )
}

test('letter case, accents and ligatures do not count, and different letters do', () => {
  for (const [one, other] of [
    ['Łódź', 'LODZ'],
    ['Straße', 'STRASSE'],
    ['Ærø', 'aero'],
    ['ΟΔΟΣ', 'οδος'],
    ['İzmir', 'izmir'],
    ['ｆｕｌｌ', 'full'],
    ['e\u0301', 'é'],
  ] as const)
    assert.equal(foldText(one), foldText(other))
  assert.notEqual(foldText('ガ'), foldText('カ'))
  assert.notEqual(foldText('a'), foldText('b'))
})

test('a question finds words, their beginnings, and what punctuation takes apart', () => {
  for (const [question, nickname, account] of [
    ['acme', 'Acme Berlin'],
    ['BER ac', 'Acme Berlin'],
    ['acme-berlin', 'Acme-Berlin'],
    ['berlin', 'Acme-Berlin'],
    ['123456', '', '123-456-7'],
    ['123-4', '', '1234567'],
    ['456', '', '123 456'],
    ['123456', '', '123 456'],
    ['se-0k1', 'x'],
    ['0K1', 'x'],
    ['倉庫', '東京倉庫'],
    ['😀', 'shop 😀'],
  ] as const)
    assert.ok(
      finds(question, { nickname, account: account ?? null }),
      `${question} in ${nickname} ${account ?? ''}`,
    )
  for (const [question, nickname] of [
    ['cme', 'Acme Berlin'],
    ['acme paris', 'Acme Berlin'],
    ['acmes', 'Acme'],
  ] as const)
    assert.ok(!finds(question, { nickname }), `${question} in ${nickname}`)
  assert.deepEqual(splitWords(' - …'), [])
})

test('whatever a nickname is, each of its words finds it, and no term is long or many', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (nickname) => {
      for (const word of nickname.split(/\s+/u)) assert.ok(finds(word, { nickname }), word)
      const terms = listTerms(row(nickname, nickname.repeat(50)))
      assert.ok(terms.length <= 64 && terms.every((term) => [...term].length <= 64))
    }),
  )
})

test('connections without a nickname stand behind the others', () => {
  assert.ok(nameKeyOf(LAST_CHARACTER) < nameKeyOf(null))
})
