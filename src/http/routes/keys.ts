import type { FastifyPluginCallback } from 'fastify'
import type { Context } from '../../context.ts'
import { createOwnKey, listOwnKeys, revokeOwnKey } from '../../tenants/keys/own-keys.ts'
import { actingKey } from '../server/authenticate.ts'
import { bodyOf } from '../server/body.ts'
import { keyObject, keyPage, newKeyAnswer, newKeyBody } from '../wire/keys.ts'
import { sendPage } from '../wire/send-list.ts'
import { describe, type QueryParameter } from '../openapi/describe.ts'
import { pageLinks } from '../wire/pages.ts'
import { pageParameters, readPage } from '../wire/query.ts'

const tag = 'API keys'
const scope = 'admin'
const MOST = 500
const USUAL = 50

const query: QueryParameter[] = [
  ...pageParameters('Keys', { most: MOST, about: 'Which page, oldest keys first.' }),
]

/** Returns the routes that list, make and revoke the API keys of the account, in the environment of the key of the request. */
export const keyRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/keys',
      describe({
        operationId: 'list_api_keys',
        summary: 'The API keys of the account, oldest first, without their text',
        description:
          'Those of the environment of the key that asks, revoked and ended ones too. `last_used_at` is the hour in which a key was used last, `null` where none is on record.',
        tag,
        scope,
        query,
        answers: { 200: keyPage },
      }),
      async (request, reply) => {
        const asked = readPage(request.query as Record<string, unknown>, MOST, USUAL) ?? {
          page: 1,
          size: USUAL,
        }
        const { keys, ...page } = await listOwnKeys(ctx, request.actor, asked)
        const rest = { ...page, links: pageLinks(ctx, request, page, { size: asked.size }) }
        return sendPage(reply, { name: 'keys', items: keys, toObject: keyObject, rest })
      },
    )

    app.post(
      '/keys',
      describe({
        operationId: 'create_api_key',
        summary: 'Make an API key of the account; its text is shown this once',
        description:
          'It may do no more than the key that makes it, is of its environment, and ends with it at the latest: without `expires_at` it ends when that one does. A plain day is meant whole, in UTC. Keys of partners are made at the command line. Keep the text at once: it is stored as a digest only.',
        tag,
        scope,
        body: newKeyBody,
        answers: { 200: newKeyAnswer },
      }),
      async (request) => {
        const given = { acting: actingKey(request), body: bodyOf(request) }
        const { listed, text } = await createOwnKey(ctx, request.actor, given)
        return { ...keyObject(listed), key: text.reveal() }
      },
    )

    app.delete<{ Params: { key_id: string } }>(
      '/keys/:key_id',
      describe({
        operationId: 'delete_api_key',
        summary: 'Revoke an API key of the account',
        description:
          'It is refused from the next request on, on every process, and stays in the list. One that was revoked before stays as it is, and the answer is the same. A key does not revoke itself.',
        tag,
        scope,
        refuses: ['key_revokes_itself'],
        answers: { 204: null },
      }),
      async (request, reply) => {
        const asked = { acting: actingKey(request), keyId: request.params.key_id }
        await revokeOwnKey(ctx, request.actor, asked)
        return reply.code(204).send()
      },
    )
    done()
  }
