import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

// A passkey in software: what `navigator.credentials.create/get().toJSON()` would give, with every field settable, so that
// a test can also give what no browser would.

export interface SoftPasskey {
  readonly id: string
  /** COSE_Key. */
  readonly cose: Buffer
  /** From the creation options: base64url. */
  userHandle: string
  counter: number
  /** Flags of the next answer: 0x01 UP, 0x04 UV. */
  flags: number
  origin: string
  rpId: string
  crossOrigin: boolean
  create(options: { challenge: string; user: { id: string } }): Record<string, unknown>
  get(options: { challenge: string }): Record<string, unknown>
}

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

/** A key pair and its COSE_Key (RFC 9053 section 7, RFC 8230 section 4). */
function newKey(algorithm: Algorithm): { privateKey: KeyObject; cose: Buffer } {
  switch (algorithm) {
    case 'ES256': {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const { x, y } = publicKey.export({ format: 'jwk' })
      return { privateKey, cose: cbor('a5010203262001215820', x!, '225820', y!) }
    }
    case 'EdDSA': {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519')
      return { privateKey, cose: cbor('a401010327200621' + '5820', publicKey.export({ format: 'jwk' }).x!) }
    }
    case 'RS256': {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      return {
        privateKey,
        cose: cbor('a401030339010020590100', publicKey.export({ format: 'jwk' }).n!, '2143010001'),
      }
    }
  }
}

/** Hex, then base64url, in turn. */
function cbor(...parts: readonly string[]): Buffer {
  return Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 0 ? 'hex' : 'base64url')))
}

export function softPasskey(
  origin: string,
  rpId = new URL(origin).hostname,
  algorithm: Algorithm = 'ES256',
  credentialId = randomBytes(32),
): SoftPasskey {
  const { privateKey, cose } = newKey(algorithm)

  const passkey: SoftPasskey = {
    id: credentialId.toString('base64url'),
    cose,
    userHandle: '',
    counter: 0,
    flags: 0x05,
    origin,
    rpId,
    crossOrigin: false,
    create(options) {
      passkey.userHandle = options.user.id
      const idLength = Buffer.from([credentialId.length >> 8, credentialId.length & 0xff])
      const authData = Buffer.concat([head(0x40), Buffer.alloc(16), idLength, credentialId, cose])
      const attestationObject = Buffer.concat([
        Buffer.from('a363666d74646e6f6e656761747453746d74a0686175746844617461', 'hex'),
        Buffer.from(
          authData.length < 256
            ? [0x58, authData.length]
            : [0x59, authData.length >> 8, authData.length & 0xff],
        ),
        authData,
      ])
      return envelope({
        attestationObject: attestationObject.toString('base64url'),
        clientDataJSON: clientData('webauthn.create', options.challenge).toString('base64url'),
        transports: ['internal'],
      })
    },
    get(options) {
      const authenticatorData = head(0)
      const client = clientData('webauthn.get', options.challenge)
      const signature = sign(
        algorithm === 'EdDSA' ? null : 'sha256',
        Buffer.concat([authenticatorData, createHash('sha256').update(client).digest()]),
        privateKey,
      )
      return envelope({
        authenticatorData: authenticatorData.toString('base64url'),
        clientDataJSON: client.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: passkey.userHandle,
      })
    },
  }

  function head(more: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(passkey.counter)
    return Buffer.concat([
      createHash('sha256').update(passkey.rpId).digest(),
      Buffer.from([passkey.flags | more]),
      counter,
    ])
  }
  function clientData(type: string, challenge: string): Buffer {
    return Buffer.from(
      JSON.stringify({ type, challenge, origin: passkey.origin, crossOrigin: passkey.crossOrigin }),
    )
  }
  function envelope(response: Record<string, unknown>): Record<string, unknown> {
    return {
      id: passkey.id,
      rawId: passkey.id,
      type: 'public-key',
      response,
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
    }
  }
  return passkey
}
