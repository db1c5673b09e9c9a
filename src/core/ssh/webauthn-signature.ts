import { p1363FromDer } from './ecdsa-der.ts'
import { SK_ECDSA, writeEcdsaSkKey } from './public-key.ts'
import { writeSkSignature } from './sk-signature.ts'
import { armor, writeSshsig } from './sshsig.ts'

/** An ES256 assertion, as a browser returns it. */
export interface Assertion {
  /** Uncompressed P-256 point of the credential, 65 bytes. */
  readonly point: Uint8Array
  readonly rpId: string
  readonly origin: string
  readonly authenticatorData: Uint8Array
  readonly clientDataJSON: Uint8Array
  /** ASN.1 DER, as WebAuthn section 6.5.5 has it. */
  readonly signature: Uint8Array
}

/**
 * Re-encode an assertion over `signedData(namespace, 'sha512', message)` as an armored SSHSIG that stock
 * `ssh-keygen -Y verify` accepts (OpenSSH PROTOCOL.u2f, "webauthn signatures"). Undefined when its signature is not DER.
 */
export function sshsigFromAssertion(assertion: Assertion, namespace: string): string | undefined {
  const { authenticatorData } = assertion
  const raw = p1363FromDer(assertion.signature)
  if (!raw || authenticatorData.length < 37) return undefined
  const data = Buffer.from(authenticatorData)
  const signature = writeSkSignature(
    {
      raw,
      flags: data.readUInt8(32),
      counter: data.readUInt32BE(33),
      webauthn: {
        origin: assertion.origin,
        clientData: assertion.clientDataJSON,
        extensions: data.subarray(37),
      },
    },
    { type: SK_ECDSA },
  )
  return armor(
    writeSshsig({
      publicKey: writeEcdsaSkKey(assertion.point, assertion.rpId),
      namespace,
      hash: 'sha512',
      signature,
    }),
  )
}
