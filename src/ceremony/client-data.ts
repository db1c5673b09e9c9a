import { fromBase64url } from '../core/bytes.ts'

export interface ClientData {
  readonly bytes: Buffer
  readonly challenge: string
}

/**
 * Client data before anything of it is believed (WebAuthn Level 3 section 7.1 steps 7 to 11 and 7.2 steps 10 to 14). What
 * the library leaves open is settled here: a cross-origin ceremony is refused in both, and so is any top origin.
 */
export function readClientData(
  encoded: unknown,
  type: 'webauthn.create' | 'webauthn.get',
  origin: string,
): ClientData | undefined {
  const bytes = typeof encoded === 'string' && encoded.length <= 8192 ? fromBase64url(encoded) : undefined // attacker-controlled
  if (!bytes) return undefined
  try {
    const data = JSON.parse(bytes.toString('utf8')) as { [key: string]: unknown }
    if (data['type'] !== type || data['origin'] !== origin || typeof data['challenge'] !== 'string')
      return undefined
    if (
      (data['crossOrigin'] !== undefined && data['crossOrigin'] !== false) ||
      data['topOrigin'] !== undefined
    )
      return undefined
    return { bytes, challenge: data['challenge'] }
  } catch {
    return undefined
  }
}
