import type { SessionId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { me, type OwnVisit, refuse } from './visit.ts'

// Server-Sent Events (HTML section 9.2): `state` with a JSON object when something changed, `over` when the page need not
// listen any longer, a comment every 15 seconds so that nothing between takes the connection for dead.

/** What a page hears: an object whose change is worth an event, and whether it was the last. */
export interface Moment {
  readonly now: { readonly [key: string]: string | number | boolean }
  readonly over: boolean
}

/** Browsers open at most six connections to an origin over HTTP/1.1: pages that listen must leave some for their clicks. */
const STREAMS = 3
const HEARTBEAT = 15_000
/** Bytes that may wait for a client that does not read, before it is given up. */
const UNREAD = 16 * 1024

export interface Live {
  /**
   * Tell a page of every change until it is over, the session ends, or the client leaves. Opening a stream is activity of the
   * session; a stream that runs is none, so that a page left open does not keep its session alive.
   */
  stream(visit: OwnVisit, watch: (changed: () => void) => () => void, look: () => Moment): Response
}

export function createLive(): Live {
  const open = new Map<SessionId, number>()

  return {
    stream(visit, watch, look) {
      const { identity, stopping } = visit.deps
      const { session } = visit.person
      const account = me(visit).id
      if ((open.get(session.id) ?? 0) >= STREAMS)
        return refuse(
          visit,
          refusal('rate-limited', 'Too many pages of this session listen already.', 'Close some of them.'),
        )
      open.set(session.id, (open.get(session.id) ?? 0) + 1)
      const encoder = new TextEncoder()
      let end: (() => void) | undefined
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            let said = ''
            const write = (text: string): void => controller.enqueue(encoder.encode(text))
            const finish = (): void => {
              end?.()
              write('event: over\ndata: {}\n\n')
              controller.close()
            }
            const tell = (): void => {
              if (!end) return
              const { now, over } = look()
              const data = JSON.stringify(now)
              if (data !== said) write(`event: state\ndata: ${data}\n\n`)
              said = data
              if (over) finish()
            }
            const check = (): void => {
              if (!end) return
              // A look that is no activity: it does not put off the end of an idle session.
              const lives = identity.sessions(account).some(({ id }) => id === session.id)
              if (!lives || (controller.desiredSize ?? 0) < -UNREAD) finish()
            }
            const beat = setInterval(() => {
              check()
              if (end) write(':\n\n')
            }, HEARTBEAT)
            beat.unref()
            const stops = [watch(tell), identity.onRevoke(check)]
            stopping?.addEventListener('abort', finish)
            end = () => {
              end = undefined
              clearInterval(beat)
              for (const stop of stops) stop()
              stopping?.removeEventListener('abort', finish)
              const left = (open.get(session.id) ?? 1) - 1
              if (left === 0) open.delete(session.id)
              else open.set(session.id, left)
            }
            write('retry: 2000\n\n')
            tell()
          },
          cancel: () => end?.(),
        },
        { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
      )
      return new Response(body, {
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      })
    },
  }
}
