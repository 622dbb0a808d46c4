import { connect } from 'node:net'

/** Sends the request as it stands, with nothing added but the length of its body, and reads to the end. */
export function sendRawRequest(port: number, text: string): Promise<string> {
  const [head = '', body = ''] = text.trimEnd().split(/\n\n([^]*)/)
  const headers = [
    ...head.split('\n'),
    ...(body ? [`Content-Length: ${Buffer.byteLength(body)}`] : []),
    'Connection: close',
  ]
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString('utf8')))
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
    socket.write(`${headers.join('\r\n')}\r\n\r\n${body}`)
  })
}
