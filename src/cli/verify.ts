import { readFileSync } from 'node:fs'
import { parseBundle } from '../core/evidence/bundle.ts'
import { parseTrust } from '../core/evidence/trust.ts'
import { type Verification, verifyBundle } from '../core/evidence/verify-bundle.ts'
import type { Printed } from './printed.ts'

/** Exit codes of `verify`: 0 trusted, 1 invalid, 2 unreadable input, 3 self-consistent only. */
const EXIT = { trusted: 0, invalid: 1, 'self-consistent': 3 } as const

/** Check a bundle offline. Needs nothing but the two files. */
export function verify(file: string, options: { trust?: string; json?: boolean }): Printed {
  let bundleText: string
  let trustText: string | undefined
  try {
    bundleText = readFileSync(file, 'utf8')
    trustText = options.trust === undefined ? undefined : readFileSync(options.trust, 'utf8')
  } catch (error) {
    return { code: 2, errors: [(error as Error).message], lines: [] }
  }
  const trust = trustText === undefined ? undefined : parseTrust(trustText)
  if (trust && !trust.ok) return { code: 2, errors: [`${options.trust}: ${trust.error}`], lines: [] }
  const bundle = parseBundle(bundleText)
  if (!bundle.ok) return { code: 1, errors: [`${file}: ${bundle.error}`], lines: [] }
  const result = verifyBundle(bundle.value, trust?.value)
  return {
    code: EXIT[result.verdict],
    errors: [],
    lines: options.json ? [JSON.stringify(result, null, 2)] : argument(result),
  }
}

const MARKS = { holds: '  ok  ', fails: '  NO  ', 'not-checkable': '  --  ' } as const

function argument({ verdict, steps, cannotProve }: Verification): string[] {
  const ends = {
    trusted: 'TRUSTED: every step holds, against the pinned ledger key, portal and RP ID.',
    'self-consistent':
      'SELF-CONSISTENT ONLY: every step holds, but nothing says whose ledger this is. Pin one with --trust.',
    invalid: 'INVALID: do not rely on this file.',
  }
  return [
    ...steps.map(({ outcome, say }) => `${MARKS[outcome]}${say}`),
    '',
    ends[verdict],
    '',
    'Not shown by any bundle:',
    ...cannotProve.map((line) => `  - ${line}`),
  ]
}
