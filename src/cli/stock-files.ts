import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from '../core/evidence/bundle.ts'
import { at, text } from '../core/evidence/records.ts'
import { parseCanonicalJson } from '../core/ledger/canonical-json.ts'
import { writeTlogProof } from '../core/ledger/tlog-proof.ts'
import { err, ok, type Result } from '../core/result.ts'
import { parsePublicKey, writePublicKeyLine } from '../core/ssh/public-key.ts'

/**
 * Take a bundle's subject apart into files that stock tools read (docs/formats/verify-without-countersign.md), and return
 * the ssh-keygen command that checks the signature among them.
 */
export function writeStockFiles(bundle: Bundle, dir: string): Result<string, string> {
  const intent = bundle.entries.find(({ index }) => index === bundle.subject)
  if (!intent?.payload || !intent.salt) return err('the payload of this entry was erased')
  const says = parseCanonicalJson(Buffer.from(intent.payload).toString('utf8'))
  const statement = text(at(says, 'statement', 'text'))
  const signature = text(at(says, 'statement', 'signature'))
  if (statement === undefined || signature === undefined)
    return err('this action carried no signed statement')
  const name = text(at(says, 'actor', 'name'))
  const key = parsePublicKey(Buffer.from(text(at(says, 'device', 'publicKey')) ?? '', 'base64'))
  // A principal with `*`, `!` or a comma in it would be a pattern (ssh-keygen(1), ALLOWED SIGNERS).
  if (!key.ok || name === undefined || !/^[A-Za-z0-9_.-]+$/.test(name))
    return err('name and key of the signer have no form in an allowed_signers file')
  mkdirSync(dir, { recursive: true })
  const files: readonly [string, Uint8Array | string][] = [
    ['statement', Buffer.from(statement, 'base64')],
    ['statement.sig', signature],
    ['allowed_signers', `${name} namespaces="git" ${writePublicKeyLine(key.value)}\n`],
    ['entry.json', intent.entry],
    ['entry.payload', intent.payload],
    ['entry.salt', intent.salt],
    [
      'entry.tlog-proof',
      writeTlogProof({ index: intent.index, hashes: intent.proof, checkpoint: bundle.checkpoint }),
    ],
    ['ledger.vkey', `${bundle.vkey}\n`],
  ]
  for (const [file, content] of files) writeFileSync(join(dir, file), content)
  const [signers, sig, message] = ['allowed_signers', 'statement.sig', 'statement'].map((file) =>
    join(dir, file),
  )
  return ok(`ssh-keygen -Y verify -f ${signers} -I ${name} -n git -s ${sig} < ${message}`)
}
