import { sha256Hex } from '../../../src/core/crypto.ts'
import { encodeField } from '../../../src/core/statement/percent.ts'
import type { AskRequest, OpenAsk } from '../../../src/hold/asks.ts'
import type { HoldWay } from '../../../src/hold/holds.ts'
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

/** What somebody else signed, for `account` to countersign; without `may` no passkey of theirs will do. */
export function asked(
  fake: FakePortal,
  parked: FakeParked,
  may: { ways: readonly HoldWay[]; why: string | null },
  more: Partial<AskRequest> = {},
): OpenAsk {
  const opened = fake.asks.open({
    requester: parked.account,
    subject: { kind: 'change', parked },
    action: { verb: parked.change.verb, resource: parked.resource } as AskRequest['action'],
    signed: Buffer.from(
      [
        'countersign statement v1',
        `origin ${fake.origin}`,
        'actor carol forge-id 9',
        `action ${parked.change.verb}`,
        'repo acme/app forge-id 3',
        ...parked.change.stated.map((field) => `field ${field.map(encodeField).join(' ')}`),
        `policy sha256:${'ab12'.repeat(16)}`,
        'issued 2026-11-24T07:00:00Z',
        'expires 2026-11-24T08:00:00Z',
        `nonce ${'q83v'.padEnd(43, 'A')}`,
        '',
      ].join('\n'),
    ),
    people: 1,
    expiresAt: fake.at + 47 * 60_000,
    look: async () => may,
    judge: async () => ({ kind: 'over' }),
    declined: async () => undefined,
    ...more,
  })
  if (!opened.ok) throw new Error(opened.error.say)
  parked.ask = opened.value
  return opened.value
}
