import { domainToUnicode } from 'node:url'
import type { AddressGuard } from './addresses.ts'

const LONGEST_NAME = 253
const LONGEST_LABEL = 63
const LABEL = /^[a-z0-9_-]+$/
/** `NOWHERE` holds endings of names that cannot exist or that must never be looked up in DNS. */
const NOWHERE: ReadonlySet<string> = new Set(['invalid', 'onion'])
const LOOPBACK = ['127.0.0.1', '::1']

/**
 * Returns the obstacle of a host name, as a URL has it, whatever DNS says about the name: `name` where no such name can exist,
 * and `address` where the name means this machine and its addresses are not open.
 */
export function findNameObstacle(name: string, isOpen: AddressGuard): 'name' | 'address' | undefined {
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  if (name.length > LONGEST_NAME || NOWHERE.has(last) || !labels.every(canBeLabel)) return 'name'
  return last === 'localhost' && !LOOPBACK.some(isOpen) ? 'address' : undefined
}

function canBeLabel(label: string): boolean {
  if (label.length > LONGEST_LABEL || !LABEL.test(label)) return false
  // Node returns a label that stands for no text in another script unchanged or as an empty text.
  return !label.startsWith('xn--') || !['', label].includes(domainToUnicode(label))
}
