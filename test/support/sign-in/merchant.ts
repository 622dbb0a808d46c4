import assert from 'node:assert/strict'
import { codeOf } from '../../../src/simulator/oauth.ts'
import type { Answer, TestServer } from '../server/test-server.ts'
import { storedConnection } from '../connections/stored-connection.ts'
import { auditTrail } from '../audit/audit-events.ts'
import { outbox } from '../webhooks/outbox.ts'
import { requestConnect } from '../connections/connect.ts'

/** Answers the state and the code that a merchant brings back from this page once UPS has let him in. */
export function approveSignIn(location: unknown): { state: string; code: string } {
  const asked = new URL(String(location)).searchParams
  const code = codeOf(asked.get('client_id'), asked.get('redirect_uri'), asked.get('code_challenge'))
  return { state: asked.get('state') ?? '', code }
}

/** Sends the request with which a merchant’s browser comes back. */
export function returnFromSignIn(
  server: TestServer,
  query: Record<string, string> | string,
): Promise<Answer> {
  const text = typeof query === 'string' ? query : new URLSearchParams(query).toString()
  return server.request('GET', `/v1/sign_in/return?${text}`, { key: '' })
}

export type Merchant = ReturnType<typeof merchantOf>

/** Answers a merchant who signs in, and reads what the store holds of it. */
export function merchantOf(server: TestServer) {
  const rowsOf = (id: string) =>
    server.ctx.store.read(server.tenantId, (db) =>
      db.selectFrom('sign_in').selectAll().where('carrier_id', '=', id).execute(),
    )
  const begun = async () => {
    const { headers, json } = await requestConnect(server, 'ups')
    return { id: json.carrier_id as string, ...approveSignIn(headers.location) }
  }
  return {
    rowsOf,
    begun,
    snapshot: async (id: string) => ({
      ...(await storedConnection(server, id)),
      trail: await auditTrail(server, id),
      rows: await rowsOf(id),
      messages: (await outbox(server)).length,
    }),
    signedIn: async () => {
      const one = await begun()
      assert.equal((await returnFromSignIn(server, { state: one.state, code: one.code })).status, 200)
      return one
    },
    again: (id: string, key = server.key) =>
      server.request('POST', `/v1/connections/carriers/ups/${id}/sign_in`, { key }),
  }
}
