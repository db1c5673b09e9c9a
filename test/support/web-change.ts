import assert from 'node:assert/strict'
import type { RunningGateway } from './gateway.ts'
import { answerBy } from './held-push.ts'
import { type Answer, NAVIGATE, type Person } from './person.ts'

/** A form of a forge page, as a browser sends it. */
export function sendForm(
  gateway: RunningGateway,
  who: Person,
  path: string,
  fields: Record<string, string>,
): Promise<Answer> {
  return who.ask(`${gateway.url}${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: {
      ...NAVIGATE,
      'content-type': 'application/x-www-form-urlencoded',
      origin: gateway.url,
      referer: `${gateway.url}${path}`,
      'sec-fetch-site': 'same-origin',
    },
  })
}

/** The id of what was parked, from the page that leads to the portal. */
export function parkedId(gateway: RunningGateway, answer: Answer): string {
  assert.equal(answer.status, 409, answer.text.slice(-1500))
  const found = new RegExp(`^0; url=${gateway.portal}/c/([A-Za-z0-9_-]{43})$`).exec(
    String(answer.headers['refresh']),
  )
  assert.ok(found, String(answer.headers['refresh']))
  return found[1]!
}

/** Look at what was parked, and touch. */
export async function confirmChange(
  who: Person,
  id: string,
): Promise<{ status: number; json: Record<string, any> }> {
  await who.ask(`${who.gateway.portal}/c/${id}`)
  const begun = await who.portal(`/c/${id}/begin`, {})
  if (begun.status !== 200) return begun
  const credential = answerBy(who.passkey, begun.json['options'])
  return who.portal(`/c/${id}/approve`, { id: begun.json['id'], credential })
}
