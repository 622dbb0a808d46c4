import type { FastifyPluginCallback, FastifyReply } from 'fastify'
import type { Context } from '../../context.ts'
import {
  createWebhook,
  getWebhook,
  removeWebhook,
  findUnreachable,
  updateWebhook,
  listWebhooks,
  type Webhook,
} from '../../webhooks/endpoints.ts'
import { listDeliveriesOf, replay } from '../../webhooks/replay.ts'
import { rotateSecret } from '../../webhooks/rotate-secret.ts'
import { bodyOf } from '../server/body.ts'
import { sendPage } from '../wire/send-list.ts'
import { describe, type QueryParameter } from '../openapi/describe.ts'
import { pageParameters, readPage } from '../wire/query.ts'
import * as wire from '../wire/webhooks.ts'

type OfWebhook = { Params: { webhook_id: string } }

const tag = 'Webhooks'
const path = '/environment/webhooks'
const one = `${path}/:webhook_id`
const MOST = 500
const USUAL = 25

const query: QueryParameter[] = [
  ...pageParameters('Messages', { most: MOST, about: 'Which page, newest messages first.' }),
]

/** Names in the header `Hawser-Notice` the webhooks that get no messages, because they are disabled or because no setting lets a message reach them; returns the given webhooks unchanged. */
function tell(ctx: Context, reply: FastifyReply, webhooks: Webhook[]): Webhook[] {
  const notices = [
    ...wire.disabledNotices(webhooks),
    ...wire.webhookNotices('webhook_unreachable', findUnreachable(ctx, webhooks)),
  ]
  if (notices.length > 0) reply.header('hawser-notice', notices)
  return webhooks
}

/** Returns the routes of the webhooks of an account in one environment, and of the messages to these webhooks. */
export const webhookRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post(
      path,
      describe({
        operationId: 'create_webhook',
        summary:
          'Create a webhook; its signing secret is shown this once, in the header Hawser-Webhook-Secret',
        description:
          'The secret that its messages are signed with stands in the header `Hawser-Webhook-Secret` of this answer.',
        tag,
        scope: 'admin',
        body: wire.newWebhookBody,
        refuses: ['webhook_taken', 'webhook_limit', 'field_conflict'],
        tells: ['Hawser-Webhook-Secret', 'Hawser-Notice'],
        answers: { 200: wire.webhookAnswer },
      }),
      async (request, reply) => {
        const { webhook, secret, leadsOut } = await createWebhook(ctx, request.actor, bodyOf(request))
        if (!leadsOut) reply.header('hawser-notice', wire.webhookNotices('webhook_unreachable', [webhook]))
        reply.header('hawser-webhook-secret', secret.reveal())
        return wire.webhookObject(webhook)
      },
    )

    app.get(
      path,
      describe({
        operationId: 'list_webhooks',
        summary: 'The webhooks of the account, oldest first',
        description:
          'Values of headers are masked. A webhook that has been disabled, or that no setting lets anything through to, is named in `Hawser-Notice`.',
        tag,
        scope: 'read',
        tells: ['Hawser-Notice'],
        answers: { 200: wire.webhookListAnswer },
      }),
      async (request, reply) =>
        tell(ctx, reply, await listWebhooks(ctx, request.actor)).map(wire.webhookObject),
    )

    app.get<OfWebhook>(
      one,
      describe({
        operationId: 'get_webhook_by_id',
        summary: 'One webhook',
        description: 'Values of headers are masked.',
        tag,
        scope: 'read',
        tells: ['Hawser-Notice'],
        answers: { 200: wire.webhookAnswer },
      }),
      async (request, reply) => {
        const webhook = await getWebhook(ctx, request.actor, request.params.webhook_id)
        tell(ctx, reply, [webhook])
        return wire.webhookObject(webhook)
      },
    )

    app.put<OfWebhook>(
      one,
      describe({
        operationId: 'update_webhook',
        summary: 'Change a webhook, and enable it where it was disabled',
        description:
          'What the body leaves out stays; headers are replaced as a whole. A `url` of another scheme, host or port takes the headers anew, or `[]`. Where its name leads nowhere at the moment, `Hawser-Notice` says so.',
        tag,
        scope: 'admin',
        body: wire.webhookChangeBody,
        refuses: ['webhook_taken', 'field_conflict'],
        tells: ['Hawser-Notice'],
        answers: { 204: null },
      }),
      async (request, reply) => {
        const { webhook_id } = request.params
        const { leadsOut } = await updateWebhook(ctx, request.actor, webhook_id, bodyOf(request))
        if (!leadsOut)
          reply.header('hawser-notice', wire.webhookNotices('webhook_unreachable', [{ webhook_id }]))
        return reply.code(204).send()
      },
    )

    app.delete<OfWebhook>(
      one,
      describe({
        operationId: 'delete_webhook',
        summary: 'Delete a webhook, with its secret and its deliveries',
        description: 'Messages that wait for it are not sent any more.',
        tag,
        scope: 'admin',
        answers: { 204: null },
      }),
      async (request, reply) => {
        await removeWebhook(ctx, request.actor, request.params.webhook_id)
        return reply.code(204).send()
      },
    )

    app.post<OfWebhook>(
      `${one}/rotate_secret`,
      describe({
        operationId: 'rotate_webhook_secret',
        summary:
          'Give a webhook a new signing secret, shown this once in the header Hawser-Webhook-Secret; the one before signs too for 24 hours',
        description:
          'Messages carry a signature of the old secret too for 24 hours, so that a receiver has time to change.',
        tag,
        scope: 'admin',
        tells: ['Hawser-Webhook-Secret'],
        answers: { 200: wire.rotationAnswer },
      }),
      async (request, reply) => {
        const { webhook_id } = request.params
        const { secret, endsAt } = await rotateSecret(ctx, request.actor, webhook_id)
        reply.header('hawser-webhook-secret', secret.reveal())
        return { webhook_id, previous_secret_ends_at: endsAt }
      },
    )

    app.get<OfWebhook>(
      `${one}/attempts`,
      describe({
        operationId: 'list_webhook_attempts',
        summary: 'What became of the messages of a webhook, newest first',
        description:
          'Says of each message whether it was delivered, how often it was tried, and why it failed.',
        tag,
        scope: 'read',
        query,
        answers: { 200: wire.attemptPage },
      }),
      async (request, reply) => {
        const page = readPage(request.query as Record<string, unknown>, MOST, USUAL)
        const asked = page ?? { page: 1, size: USUAL }
        const { webhook_id: webhookId } = request.params
        const found = await listDeliveriesOf(ctx, request.actor, webhookId, asked)
        const { disabledAt: disabled_at, deliveries: items, ...more } = found
        return sendPage(reply, {
          name: 'attempts',
          items,
          toObject: wire.attemptObject,
          rest: { disabled_at, ...more },
        })
      },
    )

    app.post<OfWebhook>(
      `${one}/replay`,
      describe({
        operationId: 'replay_webhook',
        summary: 'Send a message, or all since a time, once more',
        description:
          'A message that was sent before is sent again under its own id, so that a receiver can tell.',
        tag,
        scope: 'admin',
        body: wire.replayBody,
        refuses: ['webhook_disabled', 'message_unknown', 'field_conflict'],
        answers: { 200: wire.replayAnswer },
      }),
      async (request) => replay(ctx, request.actor, request.params.webhook_id, bodyOf(request)),
    )
    done()
  }
