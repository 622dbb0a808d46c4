import type { FastifyPluginCallback } from 'fastify'
import type { Context } from '../../context.ts'
import { importManifest } from '../../manifests/import-manifest.ts'
import { getManifest, listManifests, refuseManifest } from '../../manifests/manifests.ts'
import { bodyOf, LIST_LIMIT } from '../server/body.ts'
import { sendPage } from '../wire/send-list.ts'
import { describe } from '../openapi/describe.ts'
import { manifestQuery, readManifestQuery } from '../wire/manifest-query.ts'
import * as wire from '../wire/manifests.ts'
import { pageLinks } from '../wire/pages.ts'

const tag = 'Manifests'

/** Returns the routes of the recorded manifests, which were made elsewhere. */
export const manifestRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post(
      '/manifests/import',
      describe(
        {
          operationId: 'import_manifest',
          summary: 'Record that labels were manifested',
          description:
            'The labels are named by id or by tracking number, all of one connection. They hold up no delete any more.',
          tag,
          scope: 'write',
          body: wire.manifestBody,
          refuses: [
            'connection_unknown',
            'label_unknown',
            'label_settled',
            'label_of_other_carrier',
            'field_conflict',
          ],
          answers: { 200: wire.manifestsAnswer },
        },
        { bodyLimit: LIST_LIMIT },
      ),
      async (request) =>
        wire.manifestsObject(await importManifest(ctx, request.actor, bodyOf(request)), request.id),
    )

    app.post(
      '/manifests',
      describe({
        operationId: 'create_manifest',
        summary: 'Always refused: Hawser makes no manifests at carriers',
        description: 'Make the manifest at its carrier, and record it with `POST /v1/manifests/import`.',
        tag,
        scope: 'write',
        refuses: ['not_done_here'],
        answers: {},
      }),
      async () => refuseManifest(),
    )

    app.get(
      '/manifests',
      describe({
        operationId: 'list_manifests',
        summary: 'Recorded manifests, newest first',
        description: 'The filters of the published list.',
        tag,
        scope: 'read',
        query: manifestQuery,
        answers: { 200: wire.manifestPage },
      }),
      async (request, reply) => {
        const { filter, page: asked, names } = readManifestQuery(request.query as Record<string, unknown>)
        const { manifests, ...page } = await listManifests(ctx, request.actor, filter, asked)
        const rest = { ...page, links: pageLinks(ctx, request, page, { size: asked.size, filters: names }) }
        return sendPage(reply, { name: 'manifests', items: manifests, toObject: wire.manifestObject, rest })
      },
    )

    app.get<{ Params: { manifest_id: string } }>(
      '/manifests/:manifest_id',
      describe({
        operationId: 'get_manifest_by_id',
        summary: 'One recorded manifest',
        description: 'In the published shape, with the ids of its labels.',
        tag,
        scope: 'read',
        answers: { 200: wire.manifestAnswer },
      }),
      async (request) =>
        wire.manifestObject(await getManifest(ctx, request.actor, request.params.manifest_id)),
    )
    done()
  }
