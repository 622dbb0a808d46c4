import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBefore, parseDay, parseEarliest, parseLast, parseTime } from './time.ts'

test('dates and times with an offset are read as UTC', () => {
  const read = {
    '2026-02-28': '2026-02-28T00:00:00.000Z',
    '2024-02-29': '2024-02-29T00:00:00.000Z',
    '2026-02-28T23:30+01:00': '2026-02-28T22:30:00.000Z',
    '2026-02-28t23:30:01.123456789z': '2026-02-28T23:30:01.123Z',
    '9999-12-31T23:59:59Z': '9999-12-31T23:59:59.000Z',
  }
  for (const [text, utc] of Object.entries(read)) assert.equal(parseTime(text), utc, text)
})

test('what is no such time, or sorts wrongly as text, is none', () => {
  for (const text of [
    '',
    '1',
    '2026',
    'soon',
    '2026-02-29',
    '2026-02-30',
    '2026-13-01',
    '2026-02-28T23:30',
    '2026-02-28T24:30Z',
    '2026-02-28 23:30Z',
    '9999-12-31T23:59:59-23:59',
    '0000-01-01T00:00:00+23:59',
    '+275760-09-13T00:00:00Z',
  ])
    assert.equal(parseTime(text), undefined, text)
})

test('a plain day at the end of a range is meant whole', () => {
  for (const [text, last, before] of [
    ['2024-02-29', '2024-02-29T23:59:59.999Z', '2024-03-01T00:00:00.000Z'],
    ['2026-12-31', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
    ['9999-12-31', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2026-02-28T10:00+01:00', '2026-02-28T09:00:00.000Z', '2026-02-28T09:00:00.000Z'],
    ['2026-02-29', undefined, undefined],
    ['soon', undefined, undefined],
  ] as const) {
    assert.equal(parseLast(text), last, text)
    assert.equal(parseBefore(text), before, text)
  }
})

test('a day is read as it is written, whatever offset stands behind it or none', () => {
  for (const rest of [
    '',
    'T00:00:00',
    'T23:59',
    'T23:30:00.0000000',
    'T23:30:00-12:00',
    't00:30:00+14:00',
    'T12:00Z',
  ])
    assert.equal(parseDay(`2024-02-29${rest}`), '2024-02-29', rest)
  for (const text of [
    '',
    'soon',
    '2026-02-29',
    '2026-02-29T00:00',
    '2026-02-28 10:00',
    '2026-02-28Z',
    '20260228',
  ])
    assert.equal(parseDay(text), undefined, text)
})

test('a plain day begins where days begin first, and a time at itself', () => {
  for (const [text, earliest] of [
    ['2026-03-01', '2026-02-28T10:00:00.000Z'],
    ['2026-03-01T00:00:00Z', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T00:00:00+14:00', '2026-02-28T10:00:00.000Z'],
    ['2026-03-01T00:00:00', undefined],
    ['2026-02-29', undefined],
  ] as const)
    assert.equal(parseEarliest(text), earliest, text)
})
