import { sha256Hex } from '../../../src/core/crypto.ts'
import { aChange, type FakeParked } from './fake-parked.ts'
import type { FakePortal } from './fake-portal.ts'
import { HOSTILE, type Seeded } from './people.ts'

// Parked changes as people meet them, for screenshots and page tests.

/** A webhook: yes and no, a secret by its digest. */
export function webhook(fake: FakePortal, { alice, key }: Seeded): FakeParked {
  return fake.parked.add({
    account: alice.id,
    ways: () => [{ device: key, uv: false }],
    page: '/acme/app/settings/hooks/gogs/new',
    change: aChange(
      'repo.webhook.create',
      'Send news of acme/app to ci.example.com, as a webhook of the kind gogs',
      [
        ['kind', 'gogs'],
        ['payload-url', 'https://ci.example.com/hooks/acme-app'],
        ['content-type', 'json'],
        ['secret-digest', `sha256:${sha256Hex('a secret')}`],
        ['events', 'chosen'],
        ['on-push', 'yes'],
        ['on-pull-request', 'yes'],
        ['on-release', 'no'],
        ['active', 'yes'],
      ],
    ),
  })
}

/** A file of the forge's own editor, whose text is signed by digest. */
export function fileEdit(fake: FakePortal, { alice, key }: Seeded): FakeParked {
  const content = '# App\r\n\r\nSay what it is for.\r\n\r\n    npm start\r\n'
  const change = aChange('file.edit', 'Change README.md on main of acme/app', [
    ['branch', 'main'],
    ['path', 'README.md'],
    ['content-digest', `sha256:${sha256Hex(content)}`],
    ['message', 'docs: say what it is for'],
  ])
  return fake.parked.add({
    account: alice.id,
    ways: () => [{ device: key, uv: false }],
    change: { ...change, fields: [...change.fields, ['content', content]] },
  })
}

/** A change that cannot be undone. */
export function deletion(fake: FakePortal, { alice, key }: Seeded): FakeParked {
  return fake.parked.add({
    account: alice.id,
    ways: () => [{ device: key, uv: true }],
    page: '/acme/app/settings',
    change: aChange('repo.delete', 'Delete acme/app for good', [['typed-name', 'app']]),
  })
}

/** A critical change whose every value is hostile or long. */
export function hostile(fake: FakePortal, { alice, key }: Seeded): FakeParked {
  return fake.parked.add({
    account: alice.id,
    ways: () => [{ device: key, uv: true }],
    client: { address: '203.0.113.9', userAgent: HOSTILE },
    why: HOSTILE,
    resource: { kind: 'repo', repo: { id: 3, owner: HOSTILE, name: 'r'.repeat(120) }, part: 'code' },
    change: aChange(
      'repo.visibility.update',
      `Rename acme/app to ${HOSTILE}${'x'.repeat(300)}, which will be public`,
      [
        ['name', HOSTILE],
        ['website', `https://example.com/${'w'.repeat(190)}`],
        ['description', `${HOSTILE}\n\n  <script>alert(1)</script>\n${'d'.repeat(500)}`],
        ['icon-url', `https://example.com/${'i'.repeat(900)}`],
        ['private', 'no'],
        ['unlisted', 'no'],
      ],
    ),
  })
}
