import { Buffer } from 'node:buffer'
import { Cursor, sshString, u32 } from '../bytes.ts'
import { MSG } from './message.ts'

// The connection protocol, RFC 4254, as far as a server of git has use for it.

export type ConnectionMessage =
  | {
      readonly kind: 'global-request'
      readonly name: string
      readonly wantsReply: boolean
      readonly rest: Buffer
    }
  | {
      readonly kind: 'open'
      readonly type: string
      readonly peer: number
      readonly window: number
      readonly maxPacket: number
    }
  | {
      readonly kind: 'request'
      readonly channel: number
      readonly name: string
      readonly wantsReply: boolean
      /** Of `exec` the command, of `subsystem` its name: bytes read as latin1. */
      readonly text: string
    }
  | { readonly kind: 'window'; readonly channel: number; readonly bytes: number }
  | { readonly kind: 'data'; readonly channel: number; readonly data: Buffer }
  | { readonly kind: 'extended-data' | 'eof' | 'close' | 'reply'; readonly channel: number }
  /** Replies to global requests, of which the server makes none that want one. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'malformed' }

const MALFORMED: ConnectionMessage = { kind: 'malformed' }

export function parseConnectionMessage(payload: Buffer): ConnectionMessage {
  try {
    return read(payload)
  } catch {
    return MALFORMED
  }
}

function read(payload: Buffer): ConnectionMessage {
  const cursor = new Cursor(payload) // attacker-controlled
  const type = cursor.u8()
  switch (type) {
    case MSG.globalRequest: {
      const name = cursor.string().toString('latin1')
      return { kind: 'global-request', name, wantsReply: cursor.u8() !== 0, rest: cursor.rest() }
    }
    case MSG.channelOpen: {
      const name = cursor.string().toString('latin1')
      const [peer, window, maxPacket] = [cursor.u32(), cursor.u32(), cursor.u32()]
      return { kind: 'open', type: name, peer, window, maxPacket }
    }
    case MSG.channelRequest: {
      const channel = cursor.u32()
      const name = cursor.string().toString('latin1')
      const wantsReply = cursor.u8() !== 0
      const text = name === 'exec' || name === 'subsystem' ? cursor.string().toString('latin1') : ''
      if (name === 'exec' || name === 'subsystem' || name === 'shell') cursor.end()
      return { kind: 'request', channel, name, wantsReply, text }
    }
    case MSG.channelWindowAdjust:
      return whole(cursor, { kind: 'window', channel: cursor.u32(), bytes: cursor.u32() })
    case MSG.channelData:
      return whole(cursor, { kind: 'data', channel: cursor.u32(), data: cursor.string() })
    case MSG.channelExtendedData: {
      const channel = cursor.u32()
      cursor.u32()
      cursor.string()
      return whole(cursor, { kind: 'extended-data', channel })
    }
    case MSG.channelEof:
      return whole(cursor, { kind: 'eof', channel: cursor.u32() })
    case MSG.channelClose:
      return whole(cursor, { kind: 'close', channel: cursor.u32() })
    case MSG.channelSuccess:
    case MSG.channelFailure:
      return whole(cursor, { kind: 'reply', channel: cursor.u32() })
    case MSG.requestSuccess:
    case MSG.requestFailure:
      return { kind: 'ignored' }
    default:
      return { kind: 'unknown' }
  }
}

function whole(cursor: Cursor, message: ConnectionMessage): ConnectionMessage {
  cursor.end()
  return message
}

const message = (type: number, ...parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([type]), ...parts])

export const writeGlobalRequest = (name: string, ...parts: readonly Uint8Array[]): Buffer =>
  message(MSG.globalRequest, sshString(name), Buffer.from([0]), ...parts)
export const writeRequestSuccess = (...parts: readonly Uint8Array[]): Buffer =>
  message(MSG.requestSuccess, ...parts)
export const writeRequestFailure = (): Buffer => message(MSG.requestFailure)
export const writeOpenConfirmation = (peer: number, own: number, window: number, maxPacket: number): Buffer =>
  message(MSG.channelOpenConfirmation, u32(peer), u32(own), u32(window), u32(maxPacket))
/** Reason 1: administratively prohibited. */
export const writeOpenFailure = (peer: number, words: string): Buffer =>
  message(MSG.channelOpenFailure, u32(peer), u32(1), sshString(words), sshString(''))
export const writeWindowAdjust = (peer: number, bytes: number): Buffer =>
  message(MSG.channelWindowAdjust, u32(peer), u32(bytes))
export const writeData = (peer: number, data: Uint8Array): Buffer =>
  message(MSG.channelData, u32(peer), u32(data.length), data)
/** Type 1: standard error. */
export const writeErrorData = (peer: number, data: Uint8Array): Buffer =>
  message(MSG.channelExtendedData, u32(peer), u32(1), sshString(data))
export const writeEof = (peer: number): Buffer => message(MSG.channelEof, u32(peer))
export const writeClose = (peer: number): Buffer => message(MSG.channelClose, u32(peer))
export const writeExitStatus = (peer: number, status: number): Buffer =>
  message(MSG.channelRequest, u32(peer), sshString('exit-status'), Buffer.from([0]), u32(status))
export const writeChannelReply = (peer: number, success: boolean): Buffer =>
  message(success ? MSG.channelSuccess : MSG.channelFailure, u32(peer))
