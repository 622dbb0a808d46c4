import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import type { FastifyPluginCallback, FastifyReply } from 'fastify'
import { describe } from '../openapi/describe.ts'
import { openApiDocument, type DescribedRoute } from '../openapi/document.ts'

const { resolve } = createRequire(import.meta.url)

const tag = 'Description'

// The browser may run what this server sends and nothing else; the viewer sets styles of its own.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Hawser API</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="reference"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`
const START = `SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#reference', deepLinking: true, docExpansion: 'none', validatorUrl: null,
  persistAuthorization: false, queryConfigEnabled: false,
})
`
const FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** The API description, and a page to browse it; all of it comes from this server. */
export const apiDocsRoutes =
  (routes: readonly DescribedRoute[], version: string): FastifyPluginCallback =>
  (app, _options, done) => {
    let document: string | undefined
    app.get(
      '/openapi.json',
      describe({
        operationId: 'describe_api',
        summary: 'This description',
        tag,
        answers: { 200: { type: 'object' } },
      }),
      async (_request, reply) => {
        document ??= JSON.stringify(openApiDocument(routes, version))
        return reply.type('application/json; charset=utf-8').send(document)
      },
    )
    app.get('/docs', async (_request, reply) => guard(reply).type('text/html; charset=utf-8').send(PAGE))
    app.get('/docs/start.js', async (_request, reply) =>
      guard(reply).type('text/javascript; charset=utf-8').send(START),
    )
    for (const [file, type] of Object.entries(FILES))
      app.get(`/docs/${file}`, async (_request, reply) =>
        guard(reply)
          .type(type)
          .send(createReadStream(resolve(`swagger-ui-dist/${file}`))),
      )
    done()
  }

const guard = (reply: FastifyReply) => reply.header('content-security-policy', POLICY)
