import type { FastifyPluginCallback } from 'fastify'
import { readSettings, updateSettings } from '../../../connections/settings.ts'
import type { Context } from '../../../context.ts'
import { ifMatchOf, setOutcome } from '../../wire/outcome.ts'
import { bodyOf } from '../../server/body.ts'
import { describe, reference } from '../../openapi/describe.ts'
import { CHANGED } from '../../openapi/refusals.ts'
import { etag } from '../../wire/connections.ts'

type OfConnection = { Params: { carrier_name: string; carrier_id: string } }

const tag = 'Carrier settings'
const path = '/connections/carriers/:carrier_name/:carrier_id/settings'

/** Returns the routes that read and change the settings of a connection; a change of settings needs no new credentials. */
export const settingsRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get<OfConnection>(
      path,
      describe({
        operationId: 'get_carrier_settings',
        summary: 'Settings of a connection',
        description: 'What is not set is left out.',
        tag,
        scope: 'read',
        refuses: ['settings_unsupported'],
        tells: ['ETag'],
        answers: { 200: reference('carrier_settings') },
      }),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        const { settings, version } = await readSettings(ctx, request.actor, { carrierName, carrierId })
        reply.header('etag', etag(version))
        return settings
      },
    )

    app.put<OfConnection>(
      path,
      describe(
        {
          operationId: 'update_carrier_settings',
          summary: 'Change some settings of a connection',
          description: 'What the body leaves out stays; `null` clears. The credentials are not touched.',
          tag,
          scope: 'write',
          body: reference('carrier_settings'),
          versioned: true,
          refuses: ['settings_unsupported', ...CHANGED],
          tells: ['ETag', 'Hawser-Notice'],
          answers: { 204: null },
        },
        { bodyLimit: ctx.config.bodyLimits.settings },
      ),
      async (request, reply) => {
        const { carrier_name: carrierName, carrier_id: carrierId } = request.params
        const named = { carrierName, carrierId, ifMatch: ifMatchOf(request), body: bodyOf(request) }
        setOutcome(reply, await updateSettings(ctx, request.actor, named))
        return reply.code(204).send()
      },
    )
    done()
  }
