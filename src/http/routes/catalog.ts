import type { FastifyPluginCallback } from 'fastify'
import { summarize } from '../../catalog/verification.ts'
import { listCatalog, showCatalog, type CatalogEntry } from '../../connections/describe-catalog.ts'
import { describe } from '../openapi/describe.ts'
import * as schemas from '../openapi/schemas.ts'
import { manifestNeedObject } from '../wire/connections.ts'

const tag = 'Catalog'

/** Registers the routes that show the parcel carriers of the catalog, with the forms of each. */
export const catalogRoutes: FastifyPluginCallback = (app, _options, done) => {
  app.get(
    '/connections/carriers',
    describe({
      operationId: 'list_catalog',
      summary: 'Every carrier of the catalog with the JSON Schemas of its forms',
      description:
        'What connects, what has ceased and what only a platform’s wallet offers, each with the JSON Schemas of its forms; a form can be drawn from them.',
      tag,
      scope: 'read',
      answers: { 200: schemas.catalogList },
    }),
    async () => ({ carriers: listCatalog().map(catalogObject) }),
  )

  app.get<{ Params: { carrier_name: string } }>(
    '/connections/carriers/:carrier_name',
    describe({
      operationId: 'show_catalog',
      summary: 'One carrier of the catalog with the JSON Schemas of its forms',
      description: 'The same as one entry of the list.',
      tag,
      scope: 'read',
      answers: { 200: schemas.catalogEntry },
    }),
    async (request) => catalogObject(showCatalog(request.params.carrier_name)),
  )
  done()
}

function catalogObject({ carrier, connect, update, settings }: CatalogEntry) {
  return {
    carrier_name: carrier.name,
    aliases: carrier.aliases,
    title: carrier.title,
    countries: carrier.countries ?? [],
    docs: carrier.docs,
    status: carrier.closed?.kind ?? 'connectable',
    reason: carrier.closed?.reason ?? null,
    superseded_by: carrier.successor ?? null,
    connect,
    update,
    settings,
    verification: summarize(carrier.verify),
    manifest: manifestNeedObject(carrier.manifest),
  }
}
