import { domainToUnicode } from 'node:url'
import type { Guard } from './addresses.ts'

const LONGEST_NAME = 253
const LONGEST_LABEL = 63
const LABEL = /^[a-z0-9_-]+$/
/** Ends of names that nobody has, and of names that DNS is never asked for. */
const NOWHERE: ReadonlySet<string> = new Set(['invalid', 'onion'])
const LOOPBACK = ['127.0.0.1', '::1']

/**
 * Tells what keeps a host name, as a URL has it, from ever leading anywhere, whatever DNS says: `name` where there can be no such name,
 * `address` where it means this machine and that is not open.
 */
export function judgeName(name: string, isOpen: Guard): 'name' | 'address' | undefined {
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  if (name.length > LONGEST_NAME || NOWHERE.has(last) || !labels.every(canBeLabel)) return 'name'
  return last === 'localhost' && !LOOPBACK.some(isOpen) ? 'address' : undefined
}

function canBeLabel(label: string): boolean {
  if (label.length > LONGEST_LABEL || !LABEL.test(label)) return false
  // What stands for no other script is handed back as it is, or as nothing.
  return !label.startsWith('xn--') || !['', label].includes(domainToUnicode(label))
}
