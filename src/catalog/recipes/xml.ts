import { SaxesParser } from 'saxes'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Escapes a text so that it may stand between tags or in an attribute. */
export function escapeXml(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

/** Builds XML from a template, and escapes every value in the template. */
export function xml(parts: TemplateStringsArray, ...values: unknown[]): string {
  return parts.map((part, index) => part + (index < values.length ? escapeXml(values[index]) : '')).join('')
}

/** An element has its name without the prefix, its own text, and its attributes. */
export type Element = {
  name: string
  text: string
  attributes: Readonly<Record<string, string>>
  depth: number
}

const DEEPEST = 64
const MOST_ELEMENTS = 5_000

class NotXml extends Error {}

/** Lists the elements of a document in the order of their opening tags; returns `undefined` for a text that is no XML, has a DTD, is far too large, or is an HTML page. */
export function readXml(text: string): Element[] | undefined {
  const elements: Element[] = []
  const open: Element[] = []
  const parser = new SaxesParser({ xmlns: true })
  const refuse = () => {
    throw new NotXml()
  }
  parser.on('error', refuse)
  parser.on('doctype', refuse)
  parser.on('opentag', (tag) => {
    if (open.length >= DEEPEST || elements.length >= MOST_ELEMENTS) refuse()
    const attributes = Object.values(tag.attributes).map(({ local, value }) => [local, value] as const)
    const element = {
      name: tag.local,
      text: '',
      attributes: Object.fromEntries(attributes),
      depth: open.length,
    }
    elements.push(element)
    open.push(element)
  })
  const addText = (part: string) => {
    const current = open.at(-1)
    if (current) current.text += part
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => void open.pop())
  try {
    parser.write(text).close()
  } catch {
    return undefined
  }
  return elements[0] && elements[0].name.toLowerCase() !== 'html' ? elements : undefined
}

/** Lists the trimmed text of every element of this name. */
export function textsOf(elements: readonly Element[], name: string): string[] {
  return elements.filter((element) => element.name === name).map(({ text }) => text.trim())
}
