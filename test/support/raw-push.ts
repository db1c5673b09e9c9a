import { createHash } from 'node:crypto'
import { request } from 'undici'
import { parseAdvertisement } from '../../src/core/git/advertisement.ts'
import { writePktLine } from '../../src/core/git/pkt-line.ts'
import { writePushCertificate } from '../../src/core/git/push-cert.ts'
import type { RefUpdate } from '../../src/core/git/ref-update.ts'
import { armor, signedData, writeSshsig } from '../../src/core/ssh/sshsig.ts'
import type { SoftKey } from './sk-agent.ts'

// Pushes byte by byte, for what stock git would never send.

export const ZERO = '0'.repeat(40)
/** A pack with no objects: enough to point a new ref at a commit that is there. */
export const EMPTY_PACK: Buffer = (() => {
  const head = Buffer.from('5041434b0000000200000000', 'hex')
  return Buffer.concat([head, createHash('sha1').update(head).digest()])
})()
const CAPS = 'report-status side-band-64k agent=raw/1'

export interface Credentials {
  readonly user: string
  readonly password: string
}

const basic = ({ user, password }: Credentials): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** What the gateway advertises for pushing: refs and nonce. */
export async function advertised(
  repo: string,
  who: Credentials,
): Promise<{ status: number; nonce: string | undefined; refs: ReadonlyMap<string, string>; text: string }> {
  const { statusCode, body } = await request(`${repo}/info/refs?service=git-receive-pack`, {
    headers: { authorization: basic(who) },
  })
  const bytes = Buffer.from(await body.arrayBuffer())
  const parsed = parseAdvertisement(bytes)
  const nonce = parsed.ok
    ? parsed.value.capabilities.find((word) => word.startsWith('push-cert='))?.slice('push-cert='.length)
    : undefined
  return {
    status: statusCode,
    nonce,
    refs: parsed.ok ? parsed.value.refs : new Map(),
    text: bytes.toString('latin1'),
  }
}

export interface Certificate {
  readonly nonce: string
  readonly pushee: string
  readonly updates: readonly RefUpdate[]
  readonly namespace?: string
  readonly pusher?: string
}

/** Signed text and armored signature by a soft key, as git would make them. */
export function certify(
  key: SoftKey,
  { nonce, pushee, updates, namespace = 'git', pusher }: Certificate,
): { text: Buffer; signature: string } {
  const text = writePushCertificate({
    pusher: pusher ?? `${key.fingerprint}  1800000000 +0000`,
    pushee,
    nonce,
    pushOptions: [],
    updates,
  })
  return {
    text,
    signature: armor(
      writeSshsig({
        publicKey: key.blob,
        namespace,
        hash: 'sha512',
        signature: key.sign(signedData(namespace, 'sha512', text)),
      }),
    ),
  }
}

/** The body of a certified push. */
export function certifiedBody(
  { text, signature }: { text: Buffer; signature: string },
  pack: Buffer = EMPTY_PACK,
): Buffer {
  const lines = `${text.toString('latin1')}${signature}`.split(/(?<=\n)/)
  return Buffer.concat([
    writePktLine(`push-cert\0 ${CAPS}`),
    ...lines.map((line) => writePktLine(line)),
    writePktLine('push-cert-end\n'),
    Buffer.from('0000'),
    pack,
  ])
}

/** The body of a plain push. */
export function plainBody(updates: readonly RefUpdate[], pack: Buffer = EMPTY_PACK): Buffer {
  return Buffer.concat([
    ...updates.map(({ before, after, ref }, i) =>
      writePktLine(`${before} ${after} ${ref}${i === 0 ? `\0 ${CAPS}` : ''}`),
    ),
    Buffer.from('0000'),
    pack,
  ])
}

/** POST it; the answer as status and latin1 text. */
export async function post(
  repo: string,
  who: Credentials,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const { statusCode, body: answer } = await request(`${repo}/git-receive-pack`, {
    method: 'POST',
    headers: {
      authorization: basic(who),
      'content-type': 'application/x-git-receive-pack-request',
      ...headers,
    },
    body,
  })
  return { status: statusCode, text: Buffer.from(await answer.arrayBuffer()).toString('latin1') }
}
