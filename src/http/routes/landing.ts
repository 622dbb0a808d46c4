import type { FastifyPluginCallback } from 'fastify'
import { describe } from '../openapi/describe.ts'
import { closed } from '../openapi/schemas.ts'

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const text = { type: 'string' }

const page = (version: string) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Hawser</title><link rel="icon" href="data:,">
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:10vh auto;padding:0 1rem}</style></head>
<body><h1>Hawser ${version}</h1>
<p>The carrier accounts of a shipping platform, behind the carrier-connection API that platforms already speak.</p>
<ul>
<li><a href="/docs">The reference of the API</a>, with a body to try for each carrier</li>
<li><a href="/openapi.json">Its description in OpenAPI</a></li>
<li><a href="/readyz">Whether the server is ready</a></li>
</ul></body>
</html>
`

/** Returns the route of the path `/`, which shows what the server is: a page for browsers, and JSON for programs. */
export const landingRoute =
  (version: string): FastifyPluginCallback =>
  (app, _options, done) => {
    app.get(
      '/',
      describe({
        operationId: 'show_start',
        summary: 'What this server is, and where its reference stands',
        description: 'A short page for a browser, which asks for `text/html`; JSON for everybody else.',
        tag: 'Server',
        tells: ['Content-Security-Policy'],
        isPageToo: true,
        answers: {
          200: closed({ name: text, version: text, reference: text, description: text, ready: text }),
        },
      }),
      async (request, reply) => {
        reply.headers({ 'content-security-policy': POLICY, vary: 'accept' })
        if (/\btext\/html\b/i.test(request.headers.accept ?? ''))
          return reply.type('text/html; charset=utf-8').send(page(version))
        return { name: 'Hawser', version, reference: '/docs', description: '/openapi.json', ready: '/readyz' }
      },
    )
    done()
  }
