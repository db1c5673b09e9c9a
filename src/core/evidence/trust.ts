import { parseVkey } from '../ledger/note.ts'
import { err, ok, type Result } from '../result.ts'

/** What a verifier believes before it reads a bundle; several of each while one replaces another. */
export interface Trust {
  /** C2SP vkey texts of ledgers. */
  readonly ledger: readonly string[]
  /** Portal origins. */
  readonly portal: readonly string[]
  readonly rpId: readonly string[]
}

/** Parse a trust file: `{"countersign-trust": 1, "ledger": [...], "portal": [...], "rpId": [...]}`. */
export function parseTrust(text: string): Result<Trust, string> {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(text) as Record<string, unknown>
  } catch {
    return err('the trust file is not JSON')
  }
  if (
    value === null ||
    typeof value !== 'object' ||
    value['countersign-trust'] !== 1 ||
    Object.keys(value).length !== 4
  )
    return err('the file is not a trust file')
  const lists = [value['ledger'], value['portal'], value['rpId']]
  if (
    !lists.every(
      (list): list is string[] =>
        Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === 'string'),
    )
  ) {
    return err('ledger, portal and rpId are lists of at least one text')
  }
  const [ledger, portal, rpId] = lists as [string[], string[], string[]]
  if (!ledger.every((vkey) => parseVkey(vkey).ok)) return err('a ledger key of the trust file cannot be read')
  return ok({ ledger, portal, rpId })
}

export function writeTrust({ ledger, portal, rpId }: Trust): string {
  return `${JSON.stringify({ 'countersign-trust': 1, ledger, portal, rpId }, null, 2)}\n`
}
