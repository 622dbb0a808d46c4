import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeXml, readXml, textsOf, xml } from './xml.ts'

/** Generates texts that a form accepts, without the two characters that XML cannot carry at all. */
const text = fc
  .string({ unit: 'binary' })
  .map((value) => value.replaceAll(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ''))

test('whatever stands in a template comes out of the document as it went in, and adds no element', () => {
  fc.assert(
    fc.property(text, text, (value, attribute) => {
      const elements = readXml(xml`<a><b c="${attribute}">${value}</b></a>`)
      assert.equal(elements?.length, 2)
      assert.equal(elements[1]?.text, value)
      assert.deepEqual(elements[1]?.attributes, { c: attribute })
    }),
  )
})

test('escaped text has no character that could end its place', () => {
  fc.assert(
    fc.property(text, (value) => {
      assert.doesNotMatch(escapeXml(value), /[<>"']|&(?!(amp|lt|gt|quot|apos);)/)
    }),
  )
  assert.equal(escapeXml(`]]><b a="'">&amp;`), ']]&gt;&lt;b a=&quot;&apos;&quot;&gt;&amp;amp;')
  assert.equal(escapeXml(undefined), '')
})

test('elements are found by their local names, with the text of their own', () => {
  const elements = readXml('<s:a xmlns:s="urn:s"><s:b> 1 </s:b><b><![CDATA[<2>]]></b><b>3<c>4</c></b></s:a>')
  assert.ok(elements)
  assert.deepEqual(textsOf(elements, 'b'), ['1', '<2>', '3'])
  assert.deepEqual(textsOf(elements, 'd'), [])
})

test('what is no XML is refused, and so is a page for people', () => {
  for (const document of ['', 'ok', '{}', '<a>', '<a></b>', '<a/><b/>', '<a b=1/>', '<p:a/>', '<html/>'])
    assert.equal(readXml(document), undefined, document)
  assert.equal(readXml('<HTML><BODY>Login</BODY></HTML>'), undefined)
})

test('a DTD is refused, with or without an entity', () => {
  for (const subset of ['', ' [<!ENTITY b "b">]', ' SYSTEM "https://evil.example/a.dtd"'])
    assert.equal(readXml(`<!DOCTYPE a${subset}><a>1</a>`), undefined, subset)
})

test('the five entities of XML are read, any other is refused', () => {
  assert.equal(readXml('<a>&amp;&lt;&gt;&quot;&apos;&#233;</a>')?.[0]?.text, '&<>"\'é')
  for (const entity of ['&b;', '&nbsp;', '&#0;', '&#xD800;'])
    assert.equal(readXml(`<a>${entity}</a>`), undefined, entity)
})

test('a document that is too deep or has too many elements is refused', () => {
  const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
  assert.equal(readXml(nested(64))?.length, 64)
  assert.equal(readXml(nested(65)), undefined)
  assert.equal(readXml(`<a>${'<b/>'.repeat(4_999)}</a>`)?.length, 5_000)
  assert.equal(readXml(`<a>${'<b/>'.repeat(5_000)}</a>`), undefined)
})
