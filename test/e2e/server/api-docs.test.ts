import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { chromium, type Browser } from 'playwright-core'
import { openTestServer, type TestServer } from '../../support/server/test-server.ts'

const executablePath = '/usr/bin/chromium'
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

describe('the reference at /docs', () => {
  let server: TestServer
  let address: string
  before(async () => {
    server = await openTestServer('sqlite')
    await server.app.listen({ host: '127.0.0.1', port: 0 })
    address = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`
  })
  after(() => server.close())

  test('is served from the package, under a policy that lets nothing else in', async () => {
    for (const [path, type] of [
      ['/docs', /^text\/html/],
      ['/docs/start.js', /^text\/javascript/],
      ['/docs/swagger-ui-bundle.js', /^text\/javascript/],
      ['/docs/swagger-ui.css', /^text\/css/],
    ] as const) {
      const response = await fetch(address + path)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', type)
      assert.match(
        response.headers.get('content-security-policy') ?? '',
        /default-src 'none'; script-src 'self'/,
      )
      assert.ok((await response.text()).length > 100)
    }
  })

  describe(
    'in a browser',
    { skip: existsSync(executablePath) ? false : 'no Chromium on this machine' },
    () => {
      let browser: Browser
      before(async () => {
        browser = await chromium.launch({ executablePath, args })
      })
      after(() => browser.close())

      test('fits a telephone, with an operation open, and shows recorded examples and every carrier', async () => {
        const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
        page.setDefaultTimeout(120_000)
        await page.goto(`${address}/`)
        await page.getByRole('link', { name: /reference/ }).click()
        const connect = page.locator('#operations-Carrier_connections-connect_carrier')
        await page.locator('#operations-tag-Carrier_connections').click()
        await connect.locator('.opblock-summary').click()
        await connect.locator('select').first().waitFor()
        const shown = await connect.innerText()
        for (const word of ['Stamps.com', 'mondial_relay', 'UPS']) assert.ok(shown.includes(word), word)
        const width = await page.evaluate('document.documentElement.scrollWidth')
        if (process.env.HAWSER_TEST_SCREENSHOT)
          await page.screenshot({ path: `${process.env.HAWSER_TEST_SCREENSHOT}.narrow.png` })
        assert.ok(Number(width) <= 390, `the page is ${String(width)} wide`)
      })

      test('shows every group of routes, asks no other host, and breaks no rule of its policy', async () => {
        const page = await browser.newPage()
        page.setDefaultTimeout(120_000)
        const asked: string[] = []
        const complaints: string[] = []
        page.on('request', (request) => asked.push(request.url()))
        page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
        page.on('pageerror', (error) => complaints.push(error.message))
        await page.goto(`${address}/docs`)
        await page.getByText('Update', { exact: false }).first().waitFor()
        for (const tag of ['Carrier connections', 'Carriers', 'LTL', 'Audit', 'Partner accounts'])
          assert.ok(await page.getByRole('heading', { name: tag }).first().isVisible(), tag)
        assert.deepEqual(
          asked.filter((url) => !url.startsWith(address) && !url.startsWith('data:')),
          [],
        )
        assert.deepEqual(complaints, [])
        if (process.env.HAWSER_TEST_SCREENSHOT)
          await page.screenshot({ path: process.env.HAWSER_TEST_SCREENSHOT })
      })
    },
  )
})
