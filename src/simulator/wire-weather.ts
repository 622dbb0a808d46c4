import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Call, Reply } from '../catalog/verification.ts'

/** A `Weather` sends an answer in a disturbed way, or sends none; `usual` is what the carrier would answer. */
type Weather = (response: ServerResponse<IncomingMessage>, call: Call, usual: Reply) => void

const XML = { 'content-type': 'text/xml' }
const BEGINNING = '<?xml version="1.0"?><answer>'
const PIECE = 'x'.repeat(65_536)
/** A slow answer comes after `SLOW_MS`, just before a patient caller stops waiting for the headers. */
const SLOW_MS = 9_000

/** `wireWeather` has the disturbances that can happen to any answer on its way. */
export const wireWeather: Readonly<Record<string, Weather>> = {
  /** `silent` accepts a call and never answers. */
  silent: () => undefined,
  /** `slow` answers as usual, but late. */
  slow: (response, _call, usual) => void setTimeout(() => send(response, usual), SLOW_MS).unref(),
  /** `drip` sends one byte a second, for ever. */
  drip: (response) => {
    response.writeHead(200, XML).flushHeaders()
    const timer = setInterval(() => response.write('<'), 1_000)
    response.once('close', () => clearInterval(timer))
  },
  /** `endless` sends, for ever, as much as the caller reads. */
  endless: (response) => {
    response.writeHead(200, XML)
    const more = () => {
      while (!response.destroyed && response.write(PIECE));
    }
    response.on('drain', more)
    more()
  },
  /** `close` closes the connection in the middle of the body. */
  close: (response) => {
    response.writeHead(200, { ...XML, 'content-length': '1000' })
    response.write(BEGINNING, () => response.destroy())
  },
  /** `wrong_length` gives a `Content-Length` that is shorter than the body. */
  wrong_length: ({ socket }, _call, usual) =>
    void socket?.end(`HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 10\r\n\r\n${usual.body}`),
  /** `echo` sends back everything that the caller sent: in the reason phrase, the headers, the address of a redirect and the body. */
  echo: (response, call) => echo(response, call, 302),
  /** `echo_body` sends back everything that the caller sent, but not as a redirect. */
  echo_body: (response, call) => echo(response, call, 200),
}

/** Sends a reply as it is. */
export function send(response: ServerResponse<IncomingMessage>, { status, headers, body }: Reply): void {
  if (!response.destroyed) response.writeHead(status, headers).end(body)
}

const LONGEST_ECHO = 2_000

function echo(response: ServerResponse<IncomingMessage>, call: Call, status: number): void {
  const { authorization = '' } = call.headers
  const basic = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('latin1')
  const everything = [call.body ?? '', basic, authorization, JSON.stringify(call)].join(' ')
  const line = everything.replace(/[^\x20-\x7e]/g, '').slice(0, LONGEST_ECHO)
  const location = `https://elsewhere.example/?${encodeURIComponent(line)}`
  response
    .writeHead(status, line, {
      ...XML,
      'x-echo': line,
      'www-authenticate': `Basic realm="${line}"`,
      location,
    })
    .end(everything)
}
