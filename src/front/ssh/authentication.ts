import { Buffer } from 'node:buffer'
import { Cursor, sshString } from '../../core/bytes.ts'
import {
  type CheckedLogin,
  checkLogin,
  describeOffer,
  type KeyOffer,
  type Login,
  offeredKey,
  PUBLICKEY,
  parseAuthRequest,
} from '../../core/ssh/auth-request.ts'
import { DISCONNECT, MSG } from '../../core/ssh/message.ts'
import type { SkPublicKey } from '../../core/ssh/public-key.ts'
import { type Session, SshError, type Transport } from './transport.ts'

/** An agent may offer many keys before the right one; OpenSSH's own server gives up after six. */
const MAX_TRIES = 20
/**
 * A "method that can continue" which no client knows, and which ssh prints when it gives up: so that a person with a plain key
 * reads why (RFC 4252 section 5.1; the name is a local one as in RFC 4251 section 6).
 */
const ONLY_SECURITY_KEYS = 'fido2-security-keys-only@countersign'

/** A sign-in whose signature holds, with the user name as it was typed. */
export interface HeldLogin extends Login, CheckedLogin {}

/** Who the keys belong to. Answers at once: nothing is waited for between a request and its answer. */
export interface KeyHolders {
  /** Whether somebody enrolled this key, so that it is asked to sign. */
  knows(key: SkPublicKey): boolean
  /** Who signed in; or words for the person who could not. The signature holds. */
  admit(login: HeldLogin): { readonly ok: true } | { readonly ok: false; readonly say: string }
  /** A request that came to nothing, for the log. */
  refused(why: string): void
}

/** The authentication protocol (RFC 4252): public keys of FIDO2 alone, and the key alone says who it is. */
export class Authentication {
  readonly #transport: Transport
  readonly #holders: KeyHolders
  #tries = 0
  #service = false
  #plain = false

  constructor(transport: Transport, holders: KeyHolders) {
    this.#transport = transport
    this.#holders = holders
  }

  /** Takes one message; true when it was the one that signs in. */
  take(payload: Buffer, session: Session): boolean {
    switch (payload[0]) {
      case MSG.serviceRequest:
        this.#takeService(payload)
        return false
      case MSG.authRequest:
        if (!this.#service) throw new SshError('no service was asked for')
        return this.#takeRequest(payload, session)
      default:
        throw new SshError('not signed in')
    }
  }

  #takeService(payload: Buffer): void {
    const cursor = new Cursor(payload)
    cursor.u8()
    let name: string
    try {
      name = cursor.string().toString('latin1')
      cursor.end()
    } catch {
      throw new SshError('a request that cannot be read')
    }
    if (name !== 'ssh-userauth' || this.#service) throw new SshError('there is no such service')
    this.#service = true
    this.#send(MSG.serviceAccept, sshString(name))
  }

  #takeRequest(payload: Buffer, session: Session): boolean {
    const request = parseAuthRequest(payload)
    if (!request.ok || request.value.service !== 'ssh-connection')
      throw new SshError('a request that cannot be read')
    const { offer, method } = request.value
    if (!offer)
      return this.#fail(method === 'none' ? undefined : `method ${method.slice(0, 40)}`, method !== 'none')
    const key = offeredKey(offer, session.hostKey.blob)
    if (!key.ok) {
      if (typeof key.error === 'object') this.#plain ||= key.error.key.kind === 'not-a-security-key'
      return this.#fail(`${describeOffer(offer)}: ${why(key.error)}`)
    }
    if (!this.#holders.knows(key.value)) return this.#fail(`${describeOffer(offer)}: nobody's`)
    if (!offer.signature) {
      this.#send(MSG.authPkOk, sshString(offer.algorithm), sshString(offer.blob))
      return false
    }
    return this.#judge(offer, offer.signature, session)
  }

  #judge(offer: KeyOffer, signature: Buffer, session: Session): boolean {
    const login: Login = {
      sessionId: session.id,
      signed: Buffer.concat([sshString(session.id), offer.unsigned]),
      signature: Buffer.from(signature),
      hostKey: session.hostKey.blob,
      hostSignature: session.hostSignature,
    }
    const checked = checkLogin(login)
    if (!checked.ok) return this.#fail(`${describeOffer(offer)}: ${why(checked.error)}`)
    const admitted = this.#holders.admit({ ...login, ...checked.value })
    if (!admitted.ok) {
      this.#send(MSG.authBanner, sshString(`${admitted.say}\n`), sshString(''))
      return this.#fail(`${describeOffer(offer)}: ${admitted.say}`)
    }
    this.#send(MSG.authSuccess)
    return true
  }

  #fail(words: string | undefined, counts = true): false {
    if (words !== undefined) this.#holders.refused(words)
    if (counts && ++this.#tries >= MAX_TRIES)
      throw new SshError('too many keys: choose one with IdentitiesOnly', DISCONNECT.noMoreAuthMethods)
    const methods = this.#plain ? `${PUBLICKEY},${ONLY_SECURITY_KEYS}` : PUBLICKEY
    this.#send(MSG.authFailure, sshString(methods), Buffer.from([0]))
    return false
  }

  #send(type: number, ...parts: readonly Uint8Array[]): void {
    this.#transport.send(Buffer.concat([Buffer.from([type]), ...parts]))
  }
}

function why(error: unknown): string {
  return typeof error === 'string' ? error : JSON.stringify(error)
}
