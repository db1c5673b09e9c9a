import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalReason } from '../core/refusal.ts'
import { refusal } from '../core/refusal.ts'
import { loadAssets } from './assets.ts'
import { refusalPage } from './refusal-page.ts'

const STATUS: Record<RefusalReason, number> = {
  'not-signed-in': 401,
  'bad-credential': 401,
  'bad-request': 400,
  'bad-host': 421,
  'not-canonical': 400,
  'cross-site': 403,
  'unknown-action': 404,
  'not-allowed-yet': 403,
  'not-found': 404,
  'account-inactive': 403,
  'device-inactive': 403,
  'out-of-scope': 403,
  denied: 403,
  'proof-needed': 409,
  'others-needed': 409,
  'proof-invalid': 400,
  'nonce-used': 409,
  'not-approved': 409,
  frozen: 423,
  'rate-limited': 429,
  'too-large': 413,
  upstream: 502,
  closing: 503,
  internal: 500,
}
const assets = loadAssets()
const origin = 'https://id.git.example.com'

for (const [reason, status] of Object.entries(STATUS)) {
  test(`${reason} has a page with its reason and a way out`, () => {
    const page = refusalPage(refusal(reason as RefusalReason, 'It said <no>.'), {
      origin,
      assets,
      styles: 'linked',
    })
    assert.equal(page.status, status)
    assert.match(page.html, new RegExp(`Refused · ${reason}<`))
    assert.match(page.html, /It said &lt;no&gt;\./)
    assert.equal(page.html.match(/<h1>/g)?.length, 1)
    const paragraphs = page.html.match(/<p class="soft">.+<\/p>/g)
    assert.equal(paragraphs?.length, 1)
  })
}

test('inline, it needs nothing of our origin but the links a person follows', () => {
  const { html } = refusalPage(refusal('denied', 'No.', 'Ask.'), { origin, assets, styles: 'inline' })
  assert.match(html, /<style>/)
  assert.doesNotMatch(html, /<script|rel="stylesheet"|\/assets\//)
  assert.match(html, /Ask\./)
})

test('one that leads on says so, has the way as a button, and is no refusal', () => {
  const at = `${origin}/c/${'A'.repeat(43)}`
  const { status, html } = refusalPage(
    { ...refusal('proof-needed', 'Give <b> access: this takes a touch.', 'Confirm it.'), at },
    { origin, assets, styles: 'inline' },
  )
  assert.equal(status, 409)
  assert.match(html, new RegExp(`<a class="button main" href="${at}" autofocus>Go on to confirm it</a>`))
  assert.match(html, /One more step · proof-needed/)
  assert.match(html, /Nothing has changed yet/)
  assert.doesNotMatch(html, /Refused|<script|Your devices/)
})
