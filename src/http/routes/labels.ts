import type { FastifyPluginCallback } from 'fastify'
import type { Context } from '../../context.ts'
import { importLabels } from '../../manifests/import-labels.ts'
import { getLabel, getShipped, listLabels } from '../../manifests/labels.ts'
import { recordVoid, refuseVoid } from '../../manifests/record-void.ts'
import { bodyOf, LIST_LIMIT } from '../server/body.ts'
import { sendPage } from '../wire/send-list.ts'
import { describe } from '../openapi/describe.ts'
import { downloadType, labelQuery, readDownloadType, readLabelQuery } from '../wire/label-query.ts'
import * as wire from '../wire/labels.ts'
import { pageLinks } from '../wire/pages.ts'

type OfLabel = { Params: { label_id: string } }

const tag = 'Labels'

/** Returns the routes of the recorded labels, which were bought elsewhere. */
export const labelRoutes =
  (ctx: Context): FastifyPluginCallback =>
  (app, _options, done) => {
    app.post(
      '/labels/import',
      describe(
        {
          operationId: 'import_labels',
          summary: 'Record labels that were bought elsewhere, or what became of them',
          description:
            'At most 500 labels at a time; each is answered for itself, in order. A label is known by its id, or by its connection and tracking number.',
          tag,
          scope: 'write',
          body: wire.labelsBody,
          answers: { 200: wire.importAnswer },
        },
        { bodyLimit: LIST_LIMIT },
      ),
      async (request) => wire.importObject(await importLabels(ctx, request.actor, bodyOf(request))),
    )

    app.get(
      '/labels',
      describe({
        operationId: 'list_labels',
        summary: 'Recorded labels, newest first',
        description:
          'The filters of the published list, and `open=true` for what a delete of a connection waits for.',
        tag,
        scope: 'read',
        query: labelQuery,
        refuses: ['field_required', 'field_conflict'],
        answers: { 200: wire.labelPage },
      }),
      async (request, reply) => {
        const { filter, order, page: asked, names } = readLabelQuery(request.query as Record<string, unknown>)
        const { labels, ...page } = await listLabels(ctx, request.actor, filter, { order, ...asked })
        const rest = { ...page, links: pageLinks(ctx, request, page, { size: asked.size, filters: names }) }
        return sendPage(reply, { name: 'labels', items: labels, toObject: wire.labelObject, rest })
      },
    )

    app.get<OfLabel>(
      '/labels/:label_id',
      describe({
        operationId: 'get_label_by_id',
        summary: 'One recorded label',
        description: 'In the published shape; what Hawser cannot know is empty.',
        tag,
        scope: 'read',
        query: [downloadType],
        answers: { 200: wire.labelAnswer },
      }),
      async (request) => {
        readDownloadType(request.query as Record<string, unknown>)
        return wire.labelObject(await getLabel(ctx, request.actor, request.params.label_id))
      },
    )

    app.get<{ Params: { external_shipment_id: string } }>(
      '/labels/external_shipment_id/:external_shipment_id',
      describe({
        operationId: 'get_label_by_external_shipment_id',
        summary:
          'The recorded label of a shipment; of several the newest that is not voided and has not failed',
        description: 'The label that was recorded last under the shipment’s own id, in the published shape.',
        tag,
        scope: 'read',
        query: [downloadType],
        answers: { 200: wire.labelAnswer },
      }),
      async (request) => {
        readDownloadType(request.query as Record<string, unknown>)
        const { external_shipment_id } = request.params
        return wire.labelObject(await getShipped(ctx, request.actor, external_shipment_id))
      },
    )

    app.post<OfLabel>(
      '/labels/:label_id/record_void',
      describe({
        operationId: 'record_void',
        summary: 'Record that a label was voided at its carrier',
        description: 'A voided label holds up no delete any more. Recording it again changes nothing.',
        tag,
        scope: 'write',
        refuses: ['label_settled'],
        answers: { 200: wire.labelAnswer },
      }),
      async (request) => wire.labelObject(await recordVoid(ctx, request.actor, request.params.label_id)),
    )

    app.put<OfLabel>(
      '/labels/:label_id/void',
      describe({
        operationId: 'void_label',
        summary: 'Always refused: Hawser voids nothing at carriers',
        description:
          'Void the label at its carrier, and record that with `POST /v1/labels/{label_id}/record_void`.',
        tag,
        scope: 'write',
        refuses: ['not_done_here'],
        answers: {},
      }),
      async () => refuseVoid(),
    )
    done()
  }
