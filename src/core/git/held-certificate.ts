import { type CertificateText, writePushCertificate } from './push-cert.ts'

// The certificate of a push whose client signs none. The gateway writes it, and its pusher line says so:
//   pusher <login name>, written by the gateway at <portal origin> <unix seconds> +0000

const PUSHER =
  /^([\x21-\x2b\x2d-\x7e]+), written by the gateway at (https?:\/\/[a-z0-9.:-]+) (\d{1,12}) \+0000$/

export interface HeldPusher {
  /** Login name of the account. */
  readonly name: string
  /** Portal origin. */
  readonly portal: string
  /** Unix ms, whole seconds. */
  readonly time: number
}

/** The exact bytes that a person signs in the portal for a held push. */
export function writeHeldCertificate(
  { name, portal, time }: HeldPusher,
  push: Pick<CertificateText, 'nonce' | 'pushOptions' | 'updates'> & { readonly pushee: string },
): Buffer {
  const pusher = `${name}, written by the gateway at ${portal} ${Math.floor(time / 1000)} +0000`
  if (!PUSHER.test(pusher)) throw new RangeError('a login name or an origin that no pusher line can hold')
  return writePushCertificate({ ...push, pusher })
}

/** Who a gateway-written certificate is for; undefined for one that git wrote. */
export function heldPusher({ pusher }: Pick<CertificateText, 'pusher'>): HeldPusher | undefined {
  const match = PUSHER.exec(pusher)
  return match ? { name: match[1]!, portal: match[2]!, time: Number(match[3]) * 1000 } : undefined
}
