import type { FastifyPluginCallback } from 'fastify'
import { formSchema } from '../../catalog/forms/json-schema.ts'
import type { Context } from '../../context.ts'
import {
  accountFields,
  accountKeyFields,
  createAccount,
  createAccountKey,
  listAccountKeys,
  listAccounts,
  requireAccount,
  requireAccountByExternalId,
  revokeAccountKey,
  setAccountActive,
  updateAccount,
} from '../../tenants/partner-accounts.ts'
import { actingKey } from '../server/authenticate.ts'
import { bodyOf } from '../server/body.ts'
import { sendPage } from '../wire/send-list.ts'
import { describe, type QueryParameter } from '../openapi/describe.ts'
import { pageLinks } from '../wire/pages.ts'
import { accountObject } from '../wire/partner-accounts.ts'
import { pageParameters, readPage } from '../wire/query.ts'
import * as schemas from '../openapi/schemas.ts'

type OfAccount = { Params: { account_id: string } }

const tag = 'Partner accounts'
const scope = 'partner'
const MOST = 500
const USUAL = 25

const query: QueryParameter[] = [...pageParameters('Accounts', { most: MOST })]

/** Returns the routes of the accounts that a partner creates and acts for, and of their API keys. */
export const partnerAccountRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post(
      '/partners/accounts',
      describe({
        operationId: 'create_account',
        summary: 'Create an account',
        description: 'It has no keys yet; make one for it, or act for it with `On-Behalf-Of`.',
        tag,
        scope,
        body: formSchema(accountFields),
        refuses: ['external_id_taken'],
        answers: { 200: schemas.account },
      }),
      async (request) => accountObject(await createAccount(ctx, request.actor, bodyOf(request))),
    )

    app.get(
      '/partners/accounts',
      describe({
        operationId: 'list_accounts',
        summary: 'The partner’s accounts, oldest first',
        description: 'The accounts that this partner created, disabled ones too.',
        tag,
        scope,
        query,
        answers: { 200: schemas.accountPage },
      }),
      async (request, reply) => {
        const asked = readPage(request.query as Record<string, unknown>, MOST, USUAL) ?? {
          page: 1,
          size: USUAL,
        }
        const { accounts, ...page } = await listAccounts(ctx, request.actor, asked)
        const rest = { ...page, links: pageLinks(ctx, request, page, { size: asked.size }) }
        return sendPage(reply, { name: 'accounts', items: accounts, toObject: accountObject, rest })
      },
    )

    app.get<OfAccount>(
      '/partners/accounts/:account_id',
      describe({
        operationId: 'get_account',
        summary: 'One account',
        description: 'One account that this partner created.',
        tag,
        scope,
        answers: { 200: schemas.account },
      }),
      async (request) => accountObject(await requireAccount(ctx, request.actor, request.params.account_id)),
    )

    app.get<{ Params: { external_account_id: string } }>(
      '/partners/accounts/external_account_id/:external_account_id',
      describe({
        operationId: 'get_account_by_external_id',
        summary: 'One account, by the partner’s own id',
        description: 'For a partner that keeps only ids of its own.',
        tag,
        scope,
        answers: { 200: schemas.account },
      }),
      async (request) =>
        accountObject(
          await requireAccountByExternalId(ctx, request.actor, request.params.external_account_id),
        ),
    )

    app.put<OfAccount>(
      '/partners/accounts/:account_id',
      describe({
        operationId: 'update_account',
        summary: 'Change an account',
        description: 'What the body leaves out stays, `null` clears.',
        tag,
        scope,
        body: formSchema(accountFields),
        refuses: ['external_id_taken', 'account_of_production'],
        answers: { 204: null },
      }),
      async (request, reply) => {
        await updateAccount(ctx, request.actor, request.params.account_id, bodyOf(request))
        return reply.code(204).send()
      },
    )

    for (const verb of ['enable', 'disable'] as const)
      app.put<OfAccount>(
        `/partners/accounts/:account_id/${verb}`,
        describe({
          operationId: `${verb}_account`,
          summary:
            verb === 'enable' ? 'Let the keys of an account work again' : 'Stop the keys of an account',
          description: 'Connections and their credentials stay as they are.',
          tag,
          scope,
          refuses: ['account_of_production'],
          answers: { 204: null },
        }),
        async (request, reply) => {
          await setAccountActive(ctx, request.actor, {
            accountId: request.params.account_id,
            active: verb === 'enable',
          })
          return reply.code(204).send()
        },
      )

    app.get<OfAccount>(
      '/partners/accounts/:account_id/api_keys',
      describe({
        operationId: 'list_account_api_keys',
        summary: 'API keys of an account that are in force, without their text',
        description: 'The text of a key is shown when it is made, and never again.',
        tag,
        scope,
        answers: { 200: schemas.accountKeys },
      }),
      async (request) => {
        const keys = await listAccountKeys(ctx, request.actor, request.params.account_id)
        return keys.map(({ key_id, description, created_at, tenant_id }) => ({
          api_key_id: key_id,
          description,
          created_at,
          account_id: tenant_id,
        }))
      },
    )

    app.post<OfAccount>(
      '/partners/accounts/:account_id/api_keys',
      describe({
        operationId: 'create_account_api_key',
        summary: 'Make an API key for an account; its text is shown this once',
        description:
          'Keep the text at once: it is stored as a digest only. It reads and writes, and ends with the partner’s own key at the latest, or earlier with `expires_at`.',
        tag,
        scope,
        body: formSchema(accountKeyFields),
        answers: { 200: schemas.newAccountKey },
      }),
      async (request) => {
        const { account_id } = request.params
        const key = await createAccountKey(ctx, request.actor, {
          acting: actingKey(request),
          accountId: account_id,
          body: bodyOf(request),
        })
        return {
          encrypted_api_key: key.text.reveal(),
          created_at: key.createdAt,
          description: key.description,
          account_id,
          api_key_id: key.keyId,
        }
      },
    )

    app.delete<{ Params: { account_id: string; api_key_id: string } }>(
      '/partners/accounts/:account_id/api_keys/:api_key_id',
      describe({
        operationId: 'delete_account_api_key',
        summary: 'Revoke an API key of an account',
        description: 'It fails within a second on every process.',
        tag,
        scope,
        answers: { 204: null },
      }),
      async (request, reply) => {
        const { account_id, api_key_id } = request.params
        await revokeAccountKey(ctx, request.actor, account_id, api_key_id)
        return reply.code(204).send()
      },
    )
    done()
  }
