import type { IncomingMessage, ServerResponse } from 'node:http'

const waiting = new WeakSet<IncomingMessage>()

/** Remember that this client waits for `100 Continue` before it sends its body (RFC 9110 section 10.1.1). */
export function rememberExpectation(req: IncomingMessage): void {
  waiting.add(req)
}

/** Let the body come. Called only after whatever may refuse the request without reading it. */
export function letBodyCome(req: IncomingMessage, res: ServerResponse): void {
  if (waiting.delete(req)) res.writeContinue()
}
