import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parcelCarriers } from '../index.ts'
import { applyRules, type Material, type Reply, type Rule, type Step } from '../verification.ts'

const material: Material = {
  values: { account_number: 'A1B2C3', sign_in: 'a&refresh=token' },
  operator: { ups_client_id: 'client&id', ups_client_secret: 'client:secret' },
  at: new Date('2026-06-01T10:00:00Z'),
  requestId: '0f0e0d0c-0b0a-4908-8706-050403020100',
  approval: { code: 'a&code=1', verifier: 'verifier', redirectUri: 'https://h.example/v1/sign_in/return' },
}

const json = (status: number, body: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const refused = (status: number, code: string, message = '') =>
  json(status, { response: { errors: [{ code, message }] } })
const GRANTED = json(200, { access_token: 'access', expires_in: '14399', refresh_token: 'next' })

/** Each line has an answer of UPS, its outcome after a code was sent, and its outcome after a refresh token was sent. */
const answers: [reply: Reply, exchange: string, refresh: string][] = [
  [GRANTED, 'continue', 'continue'],
  [refused(400, '10400', 'Invalid Refresh Token'), 'invalid_credentials', 'invalid_credentials'],
  [refused(401, '10400', 'Invalid refresh token'), 'invalid_credentials', 'invalid_credentials'],
  [refused(400, '10400', 'Invalid grant_type'), 'invalid_credentials', 'inconclusive'],
  [refused(401, '10401', 'ClientId is Invalid'), 'platform_misconfigured', 'platform_misconfigured'],
  [refused(401, '250002'), 'platform_misconfigured', 'platform_misconfigured'],
  [refused(403, '', 'Blocked Merchant'), 'platform_misconfigured', 'platform_misconfigured'],
  [refused(401, '10429'), 'rate_limited', 'rate_limited'],
  [refused(401, '250003'), 'inconclusive', 'inconclusive'],
  [refused(401, '99999'), 'invalid_credentials', 'inconclusive'],
  [json(401, {}), 'invalid_credentials', 'inconclusive'],
  [json(429, {}), 'rate_limited', 'rate_limited'],
  [json(503, {}), 'unavailable', 'unavailable'],
  [json(200, {}), 'inconclusive', 'inconclusive'],
  [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }, 'unavailable', 'unavailable'],
  [{ status: 401, headers: { 'content-type': 'text/html' }, body: '<html>' }, 'unavailable', 'unavailable'],
]

for (const { id, signIn } of parcelCarriers) {
  if (!signIn) continue
  describe(`sign-in at ${id}`, () => {
    test('every answer means what it says, and every rule is reached', () => {
      const used = new Set<Rule>()
      const outcome = (step: Step, reply: Reply) => {
        const { outcome, rule } = applyRules(step, reply, step.read(reply), material)
        if (rule) used.add(rule)
        return outcome
      }
      for (const [reply, exchange, refresh] of answers) {
        const what = `${reply.status} ${reply.body}`
        assert.equal(outcome(signIn.exchange, reply), exchange, `exchange: ${what}`)
        assert.equal(outcome(signIn.refresh, reply), refresh, `refresh: ${what}`)
      }
      const rules = [...signIn.exchange.rules, ...signIn.refresh.rules]
      assert.deepEqual(
        rules.filter((rule) => !used.has(rule)).map(({ because }) => because),
        [],
      )
    })

    test('a refresh token is read from a grant, and from nothing else', () => {
      assert.equal(signIn.exchange.read(GRANTED)?.refreshToken?.reveal(), 'next')
      assert.equal(signIn.refresh.read(GRANTED)?.refreshToken?.reveal(), 'next')
      for (const status of [302, 400, 401, 500])
        assert.equal(signIn.refresh.read({ ...GRANTED, status })?.refreshToken, undefined, `${status}`)
    })

    test('calls go to its hosts over TLS, and values cannot leave their place', () => {
      for (const step of [signIn.exchange, signIn.refresh]) {
        const call = step.call(material)
        const { protocol, hostname, search } = new URL(call.url)
        assert.equal(protocol, 'https:')
        assert.equal(search, '')
        assert.ok(signIn.hosts.includes(hostname))
        const form = new URLSearchParams(call.body)
        assert.ok(['a&code=1', null].includes(form.get('code')))
        assert.ok(['a&refresh=token', null].includes(form.get('refresh_token')))
        assert.equal([...form.keys()].length, new Set(form.keys()).size)
      }
    })

    test('the page carries the state and the challenge, and no secret', () => {
      const invitation = { redirectUri: 'https://h.example/back?a=b&c', state: 's&t', challenge: 'c' }
      const page = new URL(signIn.authorize({ operator: material.operator, ...invitation }))
      assert.ok(signIn.hosts.includes(page.hostname))
      assert.equal(page.searchParams.get('state'), 's&t')
      assert.equal(page.searchParams.get('redirect_uri'), 'https://h.example/back?a=b&c')
      assert.equal(page.searchParams.get('client_id'), 'client&id')
      assert.ok(!page.href.includes('secret'))
    })
  })
}
