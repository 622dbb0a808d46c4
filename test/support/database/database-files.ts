import { existsSync, readFileSync } from 'node:fs'

/** Reads all files that SQLite keeps of a database, as they are now. */
export function readDatabaseFiles(path: string): Buffer {
  const files = [path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file))
  return Buffer.concat(files.map((file) => readFileSync(file)))
}

const PREFIX = 4

/** Counts how many of these runs of bytes occur; each is random, and at least 4 bytes long. */
export function countOccurring(needles: readonly Buffer[], bytes: Buffer): number {
  const byPrefix = new Map<number, Buffer[]>()
  for (const needle of needles) {
    const prefix = needle.readInt32LE(0)
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), needle])
  }
  const found = new Set<Buffer>()
  const filter = new Uint8Array(1 << 20)
  const bucket = (prefix: number) => Math.imul(prefix, 0x9e3779b1) >>> 12
  for (const prefix of byPrefix.keys()) filter[bucket(prefix)] = 1
  for (let at = 0; at + PREFIX <= bytes.length; at += 1) {
    const prefix = bytes.readInt32LE(at)
    if (filter[bucket(prefix)] !== 1) continue
    for (const needle of byPrefix.get(prefix) ?? [])
      if (bytes.subarray(at, at + needle.length).equals(needle)) found.add(needle)
  }
  return found.size
}
