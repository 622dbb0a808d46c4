import { after, before, describe } from 'node:test'
import { type TestServer, type TestServerOptions, openTestServer } from './test-server.ts'
import { databases } from '../database/databases.ts'

/** Runs the same tests on every database of this run, each with a server that is open for the whole block. */
export function onEveryDatabase(
  title: string,
  define: (server: () => TestServer) => void,
  options: TestServerOptions = {},
): void {
  for (const database of databases)
    describe(`${title} (${database})`, () => {
      let server: TestServer | undefined
      before(async () => {
        server = await openTestServer(database, options)
      })
      after(() => server?.close())
      define(() => {
        if (!server) throw new Error('The server is not open yet.')
        return server
      })
    })
}
