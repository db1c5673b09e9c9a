import { type Refusal, refusal } from '../refusal.ts'
import { err, ok, type Result } from '../result.ts'

// Bytes that git-check-ref-format(1) rules out anywhere: controls, DEL, space ~ ^ : ? * [ \
const BAD_BYTE = /[\x00-\x20\x7f~^:?*[\\]/

/** git-check-ref-format(1) in full, for a name of at least two components. `ref` holds git's bytes as latin1. */
export function isRefName(ref: string): boolean {
  if (ref.length > 4096 || BAD_BYTE.test(ref) || ref.includes('..') || ref.includes('@{')) return false
  if (ref.endsWith('.') || !ref.includes('/')) return false
  for (const part of ref.split('/')) {
    // A leading "-" is no rule of git's for refs, but an option to every program that is handed the name.
    if (part === '' || part.startsWith('.') || part.startsWith('-') || part.endsWith('.lock')) return false
  }
  return true
}

/** Refs that a person may push: branches and tags. Everything else is the forge's own. */
export function pushableRef(ref: string): Result<string, Refusal> {
  if (!isRefName(ref))
    return err(
      refusal('bad-request', 'The push names a ref that git does not allow.', 'Rename the branch or tag.'),
    )
  if (!/^refs\/(?:heads|tags)\/./.test(ref))
    return err(
      refusal('denied', 'Only branches and tags can be pushed here.', 'Push to refs/heads/ or refs/tags/.'),
    )
  return ok(ref)
}
