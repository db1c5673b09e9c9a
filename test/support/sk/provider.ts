import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Cursor, ShortRead, sshString, u32 } from '../../../src/core/bytes.ts'
import { parsePublicKey, SK_ECDSA, SK_ED25519 } from '../../../src/core/ssh/public-key.ts'
import { FLAG_UP, FLAG_UV, parseSkSignature } from '../../../src/core/ssh/sk-signature.ts'
import { type SoftKey, softKey } from '../sk-agent.ts'

// A security key in software that stock ssh-keygen drives as it drives a real one: it makes key files with it
// (`ssh-keygen -t ed25519-sk`), asks for the PIN, and signs. The library in C only carries what it is asked to here.

const ERROR = { general: 1, pinRequired: 3 } as const
/** Algorithms of sk-api.h. */
const TYPES = [SK_ECDSA, SK_ED25519] as const

export interface SkProvider {
  /** For a process that runs ssh-keygen or git: the library, its socket, and a program that types {@link typed}. */
  readonly env: Record<string, string>
  /** The key's own PIN. */
  pin: string
  /** When true nobody touches the key. */
  denied: boolean
  /** How often it was asked to sign. */
  readonly signed: number
  /** What the person types when asked for the PIN. */
  type(pin: string): void
  close(): void
}

/** Builds the library in `dir`; needs a C compiler and Linux. */
export async function startProvider(dir: string): Promise<SkProvider> {
  const library = join(dir, 'sk-test.so')
  const source = join(import.meta.dirname, 'provider.c')
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-nostdlib', '-o', library, source])
  const socket = join(dir, 'sk-test.sock')
  const askpass = join(dir, 'askpass')
  const typed = join(dir, 'typed')
  writeFileSync(askpass, `#!/bin/sh\ncat '${typed}'\n`)
  chmodSync(askpass, 0o755)
  const keys = new Map<string, SoftKey>()
  let signed = 0

  function answer(cursor: Cursor): Buffer {
    const operation = String.fromCharCode(cursor.u8())
    const type = TYPES[cursor.u32()]
    const flags = cursor.u8()
    const application = cursor.string().toString()
    const message = cursor.string()
    const handle = cursor.string().toString('hex')
    const pin = cursor.string().toString()
    if (type === undefined || self.denied) return Buffer.from([ERROR.general])
    if (flags & FLAG_UV && pin !== self.pin) return Buffer.from([ERROR.pinRequired])
    if (operation === 'E') {
      const key = softKey(type, '', application)
      const id = randomBytes(32)
      keys.set(id.toString('hex'), key)
      const blob = new Cursor(key.blob)
      blob.string()
      if (type === SK_ECDSA) blob.string()
      const nothing = sshString('')
      return Buffer.concat([
        Buffer.alloc(1),
        sshString(blob.string()),
        sshString(id),
        nothing,
        nothing,
        nothing,
      ])
    }
    const key = keys.get(handle)
    if (!key || key.application !== application) return Buffer.from([ERROR.general])
    signed++
    key.flags = flags & (FLAG_UP | FLAG_UV)
    const parsed = parsePublicKey(key.blob)
    const signature = parsed.ok ? parseSkSignature(key.sign(message), parsed.value) : parsed
    if (!signature.ok) throw new Error('a soft key that signs what we cannot read')
    const { raw, counter } = signature.value
    const half = type === SK_ECDSA ? 32 : 64
    return Buffer.concat([
      Buffer.from([0, key.flags]),
      u32(counter),
      sshString(raw.subarray(0, half)),
      sshString(raw.subarray(half)),
    ])
  }

  const server = createServer((peer) => {
    let pending = Buffer.alloc(0)
    peer.on('error', () => {})
    peer.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      try {
        peer.end(answer(new Cursor(pending)))
      } catch (error) {
        if (!(error instanceof ShortRead)) throw error // the rest is still on its way
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  server.unref()

  const self: SkProvider = {
    env: {
      SSH_SK_PROVIDER: library,
      SK_TEST_SOCKET: socket,
      SSH_ASKPASS: askpass,
      SSH_ASKPASS_REQUIRE: 'force',
      SSH_AUTH_SOCK: '',
    },
    pin: '1234',
    denied: false,
    get signed() {
      return signed
    },
    type: (pin) => writeFileSync(typed, `${pin}\n`),
    close: () => void server.close(),
  }
  self.type(self.pin)
  return self
}
