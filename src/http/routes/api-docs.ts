import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import type { FastifyPluginCallback } from 'fastify'
import { describe } from '../openapi/describe.ts'
import { openApiDocument } from '../openapi/document.ts'
import type { DescribedRoute } from '../openapi/operation.ts'

const { resolve } = createRequire(import.meta.url)

const tag = 'Server'

// The policy lets the browser run only the scripts of this server; inline styles are allowed because the viewer sets its own.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// The viewer is made for wide screens; these styles let everything that is wider than a telephone scroll in its place or wrap.
const NARROW = `body{margin:0}
.swagger-ui .opblock-summary-path,.swagger-ui .markdown,.swagger-ui .renderedMarkdown{overflow-wrap:anywhere;word-break:normal}
@media (max-width:640px){
.swagger-ui .wrapper{padding:0 8px;box-sizing:border-box}
.swagger-ui .opblock-tag{flex-wrap:wrap}.swagger-ui .opblock-tag small{padding:0;flex:1 1 100%}
.swagger-ui .opblock .opblock-summary{flex-wrap:wrap}.swagger-ui .opblock-summary-description{flex:1 1 100%}
.swagger-ui .opblock-summary-path{max-width:100%;white-space:normal}
.swagger-ui table,.swagger-ui .responses-inner,.swagger-ui .opblock-section,.swagger-ui .models{max-width:100%;overflow-x:auto}
.swagger-ui .parameters-col_description input,.swagger-ui select{max-width:100%;min-width:0}
.swagger-ui .scheme-container .schemes{flex-wrap:wrap}
}`

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Hawser API</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"><style>${NARROW}</style></head>
<body><div id="reference"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`
const START = `SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#reference', deepLinking: true, docExpansion: 'none', validatorUrl: null, defaultModelsExpandDepth: -1,
  persistAuthorization: false, queryConfigEnabled: false,
})
`
const file = (name: string) => () => createReadStream(resolve(`swagger-ui-dist/${name}`))

const pages = [
  {
    path: '/docs',
    type: 'text/html; charset=utf-8',
    summary: { operationId: 'browse_api', text: 'A page to browse this description' },
    send: () => PAGE,
  },
  {
    path: '/docs/start.js',
    type: 'text/javascript; charset=utf-8',
    summary: { operationId: 'start_page', text: 'What starts the page' },
    send: () => START,
  },
  {
    path: '/docs/swagger-ui-bundle.js',
    type: 'text/javascript; charset=utf-8',
    summary: { operationId: 'load_page', text: 'The program of the page' },
    send: file('swagger-ui-bundle.js'),
  },
  {
    path: '/docs/swagger-ui.css',
    type: 'text/css; charset=utf-8',
    summary: { operationId: 'style_page', text: 'The looks of the page' },
    send: file('swagger-ui.css'),
  },
]

/** Returns the routes that serve the API description and the page to browse it; every part comes from this server. */
export const apiDocsRoutes =
  (routes: readonly DescribedRoute[], version: string): FastifyPluginCallback =>
  (app, _options, done) => {
    let document: string | undefined
    app.get(
      '/openapi.json',
      describe({
        operationId: 'describe_api',
        summary: 'This description',
        description: 'OpenAPI 3.1; made from the routes themselves.',
        tag,
        answers: { 200: { type: 'object' } },
      }),
      async (_request, reply) => {
        document ??= JSON.stringify(openApiDocument(routes, version))
        return reply.type('application/json; charset=utf-8').send(document)
      },
    )
    for (const { path, type, summary, send } of pages)
      app.get(
        path,
        describe({
          operationId: summary.operationId,
          summary: summary.text,
          description: 'A part of the page that shows this description; every part comes from this server.',
          tag,
          tells: ['Content-Security-Policy'],
          mediaType: type.split(';')[0] ?? type,
          answers: { 200: { type: 'string' } },
        }),
        async (_request, reply) =>
          reply.headers({ 'content-security-policy': POLICY }).type(type).send(send()),
      )
    done()
  }
