import { always, jsonReply, type CarrierScript } from './define.ts'

/** `weather` has answers that any carrier may give, whatever its documentation says; each script has the outcome that the answer means. */
export const weather: Readonly<Record<string, CarrierScript>> = {
  rate_limited: always('rate_limited', jsonReply(429, {}, { 'retry-after': '60' })),
  outage: always('unavailable', {
    status: 503,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Service Unavailable</body></html>',
  }),
  request_timeout: always('unavailable', jsonReply(408, {})),
  page: always('unavailable', {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html><html><body>Maintenance</body></html>',
  }),
  forbidding_page: always('unavailable', {
    status: 403,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Access denied</body></html>',
  }),
  garbage: always('unavailable', {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    body: '\u0000\u0001\ufffd{<',
  }),
  nothing: always('unavailable', { status: 200, headers: {}, body: '' }),
  elsewhere: always('inconclusive', {
    status: 302,
    headers: { location: 'https://elsewhere.example/login' },
    body: '',
  }),
  billion_laughs: always('unavailable', {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
  }),
  outside_entity: always('unavailable', {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
  }),
}
