import { closeSync, fsyncSync, openSync, read, readSync, statSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'

const readPart = promisify(read)

const LOG_HEADER = 32
const FRAME_HEADER = 24
/** Not zero in a file with `auto_vacuum`: there pages that map others begin as those of a tree can. */
const AUTO_VACUUM_FIELD = 52
/** From here on the first byte of a page that holds no tree can be that of one (137 GB). */
const MOST_PAGES = 0x01ff_ffff
const PART_PAGES = 256

/** Which pages the write-ahead log holds up to which byte, and the salt that counts up by one whenever it begins anew. */
export type Log = { salt: number; end: number; pages: Set<number> }

/** Reads which pages the write-ahead log holds, or of one that was read before those that have come since; `undefined` where it is empty. */
export function readLog(path: string, before?: Pick<Log, 'salt' | 'end'>): Log | undefined {
  if (sizeOf(path) < LOG_HEADER) return undefined
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(LOG_HEADER)
    readSync(file, header, 0, LOG_HEADER, 0)
    const frameBytes = FRAME_HEADER + header.readUInt32BE(8)
    const salt = header.readUInt32BE(16)
    const pages = new Set<number>()
    const frame = Buffer.alloc(FRAME_HEADER)
    let end = before?.salt === salt ? before.end : LOG_HEADER
    for (; readSync(file, frame, 0, FRAME_HEADER, end) === FRAME_HEADER; end += frameBytes) {
      // What follows was left by an earlier log.
      if (frame.compare(header, 16, 24, 8, 16) !== 0) break
      pages.add(frame.readUInt32BE(0))
    }
    return { salt, end, pages }
  } finally {
    closeSync(file)
  }
}

/** The size of a file; 0 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** The pages of a database file, beside SQLite. */
export type Pages = {
  /** Whether any can be cleared: not in a file with `auto_vacuum`, or over 137 GB. Of others none is ever found. */
  canClear(): boolean
  /** The pages of the whole file where bytes are left over; it is read in parts, and others work meanwhile. */
  search(): Promise<number[]>
  /** Overwrites what is left over on these pages, and answers on how many there was any. Only for one who keeps every writer out while nothing is in the log. */
  clear(pages: Iterable<number>): number
  close(): void
}

/**
 * Opens the file for finding and clearing what SQLite leaves over: when it moves rows between pages it zeroes neither
 * the room that they leave nor copies there, whatever `secure_delete` says. That room lies between the list of
 * a page's cells and the cells; nothing ever reads it.
 */
export function openPages(path: string): Pages {
  const file = openSync(path, 'r+')
  const size = pageSize(file)
  const zeros = Buffer.alloc(size)
  const page = Buffer.alloc(size)
  const count = () => Math.floor(sizeOf(path) / size)
  const canClear = () => {
    const field = Buffer.alloc(4)
    readSync(file, field, 0, 4, AUTO_VACUUM_FIELD)
    return field.readUInt32BE(0) === 0 && count() <= MOST_PAGES
  }
  const at = (number: number) => (number - 1) * size
  const look = (number: number): Room | undefined => {
    if (readSync(file, page, 0, size, at(number)) < size) return undefined
    return leftOverIn(page, number, zeros)
  }
  return {
    canClear,
    search: async () => {
      const found: number[] = []
      if (!canClear()) return found
      const part = Buffer.alloc(PART_PAGES * size)
      for (let first = 1, last = count(); first <= last; first += PART_PAGES) {
        const { bytesRead } = await readPart(file, part, 0, part.length, at(first))
        for (let index = 0; (index + 1) * size <= bytesRead; index += 1)
          if (leftOverIn(part.subarray(index * size, (index + 1) * size), first + index, zeros))
            found.push(first + index)
      }
      return found
    },
    clear: (pages) => {
      if (!canClear()) return 0
      let cleared = 0
      for (const number of pages) {
        const room = look(number)
        if (!room) continue
        writeSync(file, zeros, 0, room.end - room.start, at(number) + room.start)
        cleared += 1
      }
      // The log that held these pages is gone from the disk already.
      if (cleared > 0) fsyncSync(file)
      return cleared
    },
    close: () => closeSync(file),
  }
}

function pageSize(file: number): number {
  const header = Buffer.alloc(2)
  readSync(file, header, 0, 2, 16)
  const size = header.readUInt16BE(0)
  return size === 1 ? 65_536 : size
}

type Room = { start: number; end: number }

const FIRST_PAGE_HEADER = 100
const LEAF = new Set([10, 13])
const INNER = new Set([2, 5])

/** The unused room of a page of a tree, where not all of it is zero; a page whose header makes no sense has none. */
function leftOverIn(page: Buffer, number: number, zeros: Buffer): Room | undefined {
  const header = number === 1 ? FIRST_PAGE_HEADER : 0
  const kind = page.readUInt8(header)
  if (!LEAF.has(kind) && !INNER.has(kind)) return undefined
  const cells = page.readUInt16BE(header + 3)
  const list = header + (LEAF.has(kind) ? 8 : 12)
  const start = list + 2 * cells
  const end = page.readUInt16BE(header + 5) || 65_536
  if (start > end || end > page.length) return undefined
  if (page.compare(zeros, 0, end - start, start, end) === 0) return undefined
  for (let cell = list; cell < start; cell += 2) if (page.readUInt16BE(cell) < end) return undefined
  return { start, end }
}
