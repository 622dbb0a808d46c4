const SQLITE: Readonly<Record<number, string>> = {
  3: 'this user may not use the file',
  5: 'another process holds the lock for too long',
  7: 'there is no memory left',
  8: 'the file, its directory or the file system is read-only',
  10: 'an I/O error',
  11: 'the file is damaged',
  13: 'the disk is full',
  14: 'the file cannot be opened',
  22: 'the file is too large for its file system',
  26: 'the file is no SQLite database',
}

const SQLITE_IO: Readonly<Record<number, string>> = {
  1: 'an I/O error while reading',
  2: 'an I/O error while reading: the file is shorter than it should be',
  3: 'an I/O error while writing',
  4: 'an I/O error while writing to the disk (fsync)',
  5: 'an I/O error while writing the directory to the disk (fsync)',
  6: 'an I/O error while shortening a file',
  18: 'an I/O error while opening the file of shared memory (-shm)',
  19: 'an I/O error while enlarging the file of shared memory (-shm): the disk may be full',
  21: 'an I/O error while mapping the file of shared memory (-shm)',
}

const FILES: Readonly<Record<string, string>> = {
  EACCES: 'this user may not use it',
  EPERM: 'this user may not use it',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
  ENOENT: 'a part of the path is not there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EIO: 'an I/O error',
  ELOOP: 'its symbolic links lead in a circle',
}

const POSTGRES: readonly (readonly [RegExp, string])[] = [
  [/^53100$/, 'its disk is full'],
  [/^53200$/, 'it has no memory left'],
  [/^53300$/, 'it has no connection left'],
  [/^53/, 'it has no resources left'],
  [/^58030$/, 'an I/O error'],
  [/^58/, 'a failure of its system'],
  [/^25006$/, 'it takes no writes (a standby, or default_transaction_read_only)'],
  [/^25P0[34]$/, 'it ended a transaction at a time limit of its own'],
  [/^40/, 'transactions were in each other’s way again and again'],
  [/^55P03$/, 'a lock was not free within lock_timeout'],
  [/^57014$/, 'a statement took too long'],
  [/^57P/, 'it is starting, stopping, or was told to end the connection'],
  [/^XX00[12]$/, 'its data are damaged'],
  [/^(28|3D000)/, 'it does not let the server in any more (role, password, database)'],
  [/^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO)/, 'TLS to it failed'],
  [/^(08|connection lost|E[A-Z_]+$)/, 'the connection to it was lost or could not be made'],
]

/** Returns the meaning of a failure's code in words for the operator, or `undefined` for a code whose meaning is not known. */
export function reasonOf(code: string): string | undefined {
  if (code === VANISHED) return 'the file, its log (-wal) or its shared memory (-shm) was removed or replaced'
  const result = /^SQLite (\d+)$/.exec(code)?.[1]
  if (result === undefined) return FILES[code] ?? POSTGRES.find(([pattern]) => pattern.test(code))?.[1]
  const [primary, detail] = [Number(result) % 256, Math.floor(Number(result) / 256)]
  return (primary === 10 ? SQLITE_IO[detail] : undefined) ?? SQLITE[primary]
}

/** `VANISHED` is the code for a SQLite database whose files are no longer the files that were opened. */
export const VANISHED = 'files gone'
