import type { Refusal, RefusalReason } from '../core/refusal.ts'
import type { Assets } from './assets.ts'
import { type Frame, layout } from './layout.ts'
import { html, type Markup, shown } from './markup.ts'

interface Look {
  readonly status: number
  readonly title: string
  /** The way out, when the refusal itself names none. */
  readonly fix: string
  readonly way: 'sign-in' | 'devices' | 'home' | 'none'
}

/** Status, title and way out of each reason. Exhaustive: a new reason does not compile until it has a page. */
function look(reason: RefusalReason): Look {
  switch (reason) {
    case 'not-signed-in':
      return { status: 401, title: 'Sign in first', fix: 'Sign in with your passkey.', way: 'sign-in' }
    case 'bad-credential':
      return {
        status: 401,
        title: 'That did not open anything',
        fix: 'Get a fresh one and try again.',
        way: 'home',
      }
    case 'bad-request':
      return {
        status: 400,
        title: 'That request makes no sense here',
        fix: 'Go back, reload the page and try again.',
        way: 'home',
      }
    case 'not-canonical':
      return {
        status: 400,
        title: 'That address is spelled in an unusual way',
        fix: 'Use the address as the pages show it.',
        way: 'home',
      }
    case 'bad-host':
      return {
        status: 421,
        title: 'Wrong host name',
        fix: 'Use the address your administrator gave you.',
        way: 'none',
      }
    case 'cross-site':
      return {
        status: 403,
        title: 'Another site asked for this',
        fix: 'If it was you, open the page here and do it again.',
        way: 'home',
      }
    case 'unknown-action':
      return { status: 404, title: 'Nothing is here', fix: 'Check the address.', way: 'home' }
    case 'not-found':
      return {
        status: 404,
        title: 'Not found',
        fix: 'It does not exist, or it is not yours to see.',
        way: 'home',
      }
    case 'not-allowed-yet':
      return {
        status: 403,
        title: 'Not open yet',
        fix: 'This release does not let anybody do this; use git instead.',
        way: 'home',
      }
    case 'account-inactive':
      return {
        status: 403,
        title: 'This account is disabled',
        fix: 'Ask an administrator to enable it.',
        way: 'none',
      }
    case 'device-inactive':
      return {
        status: 403,
        title: 'This device is disabled',
        fix: 'Sign in with another of your devices.',
        way: 'sign-in',
      }
    case 'out-of-scope':
      return {
        status: 403,
        title: 'The token is for something else',
        fix: 'Make a token that may do this.',
        way: 'home',
      }
    case 'denied':
      return {
        status: 403,
        title: 'Policy does not allow this',
        fix: 'An administrator can tell you which policy applies.',
        way: 'home',
      }
    case 'frozen':
      return {
        status: 423,
        title: 'This branch is frozen',
        fix: 'An administrator looks at what it holds, and lifts that.',
        way: 'home',
      }
    case 'proof-needed':
      return {
        status: 409,
        title: 'This needs your key',
        fix: 'Do it again and touch your key.',
        way: 'devices',
      }
    case 'others-needed':
      return {
        status: 409,
        title: 'This takes another person',
        fix: 'Ask somebody who may countersign it.',
        way: 'home',
      }
    case 'proof-invalid':
      return {
        status: 400,
        title: 'The proof does not hold',
        fix: 'Try again, and touch your key when it blinks.',
        way: 'home',
      }
    case 'nonce-used':
      return { status: 409, title: 'This was used before', fix: 'Start again from the page.', way: 'home' }
    case 'not-approved':
      return { status: 409, title: 'Not approved', fix: 'Push again when you are ready.', way: 'home' }
    case 'rate-limited':
      return { status: 429, title: 'Too many tries', fix: 'Wait a minute, then try again.', way: 'none' }
    case 'too-large':
      return { status: 413, title: 'Too large', fix: 'Send less at once.', way: 'home' }
    case 'upstream':
      return { status: 502, title: 'The forge did not answer', fix: 'Try again in a moment.', way: 'none' }
    case 'closing':
      return { status: 503, title: 'Restarting', fix: 'Try again in a moment.', way: 'none' }
    case 'internal':
      return {
        status: 500,
        title: 'Something went wrong inside the gateway',
        fix: 'Try again. It is on record for the administrator.',
        way: 'home',
      }
  }
}

export function refusalStatus(reason: RefusalReason): number {
  return look(reason).status
}

/**
 * The page for a refusal, in the portal's look on both origins. `assets: 'inline'` makes a page that needs nothing but
 * its own styles (for an origin that serves none of ours); `linked` one for the portal's own policy.
 */
export function refusalPage(
  refused: Refusal,
  options: {
    readonly origin: string
    readonly assets: Assets
    readonly styles: 'inline' | 'linked'
    readonly frame?: Frame
  },
): { readonly status: number; readonly html: string } {
  const { status, title, fix, way } = look(refused.reason)
  const { at } = refused
  const body = html`<div class="head"><p class="soft small">${at === undefined ? 'Refused' : 'One more step'} · ${refused.reason}</p><h1>${title}</h1></div>
<p>${shown(refused.say)}</p>
<p class="soft">${shown(refused.fix ?? fix)}</p>
${at === undefined ? wayOut(way, options.origin) : goOn(at)}`
  return {
    status,
    html: layout({
      ...options.frame,
      title,
      body,
      narrow: true,
      assets: options.assets,
      styles: options.styles,
      origin: options.origin,
    }),
  }
}

/** A page that leads on by itself says so, and has the same way as a button for who is not taken along. */
function goOn(at: string): Markup {
  return html`<p><a class="button main" href="${at}" autofocus>Go on to confirm it</a></p>
<p class="soft small">Nothing has changed yet. You are being taken there; if not, use the button.</p>`
}

function wayOut(way: Look['way'], origin: string): Markup | null {
  switch (way) {
    case 'sign-in':
      return html`<p><a class="button main" href="${origin}/sign-in">Sign in</a></p>`
    case 'devices':
      return html`<p><a class="button" href="${origin}/devices">Your devices</a></p>`
    case 'home':
      return html`<p><a class="button" href="${origin}/">Go to your portal</a></p>`
    case 'none':
      return null
  }
}
