import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { FLUSH, writePktLine } from '../../src/core/git/pkt-line.ts'
import { readReceivePackHead, writeReceivePackHead } from '../../src/core/git/receive-pack.ts'
import { SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import { scratch } from '../support/gateway.ts'
import { Git } from '../support/git.ts'
import { certify, EMPTY_PACK, ZERO } from '../support/raw-push.ts'
import { softKey } from '../support/sk-agent.ts'
import { receivePack } from '../support/stock-receive-pack.ts'

// Whatever head we accept, in whatever strange spelling: what stock receive-pack then does is what we decided about. A hook
// writes down what it is asked to update and with which options, and refuses it.

const dir = scratch('differ')
const bare = join(dir, 'r.git')
const seen = join(dir, 'seen')
const ACCEPTED = process.env['CI'] ? 500 : 150
const CAPS = ' report-status-v2 side-band-64k push-options object-format=sha1 agent=fuzz/1'
let tip: string

before(async () => {
  const git = new Git(join(dir, 'home'), undefined)
  await git.configure({})
  const work = join(dir, 'work')
  await git.ok(dir, 'init', '-q', work)
  tip = await git.commit(work, 'first', (at) => writeFileSync(join(at, 'a'), 'a'))
  await git.ok(dir, 'clone', '-q', '--bare', work, bare)
  await git.ok(bare, 'config', 'receive.advertisePushOptions', 'true')
  const hook = join(bare, 'hooks', 'pre-receive')
  writeFileSync(
    hook,
    `#!/bin/sh
i=0
while [ "$i" -lt "\${GIT_PUSH_OPTION_COUNT:-0}" ]; do
  eval "printf 'option %s\\\\n' \\"\\$GIT_PUSH_OPTION_$i\\"" >> '${seen}'
  i=$((i + 1))
done
cat >> '${seen}'
exit 1
`,
  )
  chmodSync(hook, 0o755)
})

/** Packets of a head: text, or null for a flush. */
type Packets = (string | null)[]
const encode = (packets: Packets): Buffer =>
  Buffer.concat(packets.map((packet) => (packet === null ? FLUSH : writePktLine(packet))))

function plain(): Packets {
  return [`${ZERO} ${tip} refs/heads/a\0${CAPS}`, `${ZERO} ${tip} refs/heads/b`, null, 'one', 'two', null]
}
function certified(): Packets {
  const { text, signature } = certify(softKey(SK_ED25519, ''), {
    nonce: 'n',
    pushee: 'http://h/r.git/',
    updates: [
      { before: ZERO, after: tip, ref: 'refs/heads/a' },
      { before: ZERO, after: tip, ref: 'refs/heads/b' },
    ],
  })
  const lines = `${text.toString('latin1')}${signature}`.split(/(?<=\n)/)
  return [`push-cert\0${CAPS}`, ...lines, 'push-cert-end\n', null, null]
}

const PIECES = [
  '\0',
  '\n',
  ' ',
  '\t',
  '\r',
  '=',
  '=x',
  '\x7f',
  '\xff',
  '',
  'push-options',
  ' push-options',
  'push-cert',
  'shallow ',
  '-',
  '0',
  'refs/heads/',
  'quiet',
  ' atomic',
  'x',
]
const edit = fc.record({
  how: fc.constantFrom(
    'insert',
    'insert',
    'word',
    'word',
    'cut',
    'repeat',
    'drop',
    'flush',
    'option',
    'swap',
  ),
  packet: fc.nat(),
  at: fc.nat(),
  piece: fc.constantFrom(...PIECES),
})

function mutated(
  seed: Packets,
  edits: readonly { how: string; packet: number; at: number; piece: string }[],
): Packets {
  const packets = [...seed]
  for (const { how, packet, at, piece } of edits) {
    const i = packet % packets.length
    const text = packets[i] ?? ''
    const where = text === '' ? 0 : at % (text.length + 1)
    if (how === 'insert') packets[i] = text.slice(0, where) + piece + text.slice(where)
    else if (how === 'word') {
      const words = (packets[0] ?? '').split(' ')
      words[at % words.length] += piece
      packets[0] = words.join(' ')
    } else if (how === 'cut') packets[i] = text.slice(0, where) + text.slice(where + 1)
    else if (how === 'repeat') packets.splice(i, 0, packets[i]!)
    else if (how === 'drop') packets.splice(i, 1)
    else if (how === 'flush') packets.splice(i, 0, null)
    else if (how === 'option') packets.splice(i, 0, `option ${piece}`)
    else packets.push(...packets.splice(i, 1))
    if (packets.length === 0) packets.push(null)
  }
  return packets
}

type Sample = readonly [signed: boolean, edits: Parameters<typeof mutated>[1]]
/** Every piece behind every capability, where git's reader and ours once differed. */
const AT_WORDS: readonly Sample[] = CAPS.split(' ').flatMap((_, at) =>
  PIECES.map((piece): Sample => [false, [{ how: 'word', packet: 0, at, piece }]]),
)

test('stock receive-pack is asked for nothing but what was decided', async () => {
  let accepted = 0
  const strange = fc.tuple(fc.boolean(), fc.array(edit, { minLength: 1, maxLength: 3 }))
  const samples: readonly Sample[] = [...AT_WORDS, ...fc.sample(strange, ACCEPTED * 60)]
  for (const [signed, edits] of samples) {
    const bytes = Buffer.concat([encode(mutated(signed ? certified() : plain(), edits)), EMPTY_PACK])
    const state = readReceivePackHead(bytes, true)
    if (state.kind !== 'head') continue
    if (++accepted > ACCEPTED) break
    const { head, rest } = state
    rmSync(seen, { force: true })
    await receivePack(bare, [], Buffer.concat([writeReceivePackHead(head), rest]))
    if (!existsSync(seen)) continue // git itself refused it before asking
    const said = readFileSync(seen, 'latin1').split('\n').slice(0, -1)
    const context = JSON.stringify({ edits, head: { ...head, certificate: null }, said })
    const decided = new Set(head.updates.map(({ before, after, ref }) => `${before} ${after} ${ref}`))
    const options = said.filter((line) => line.startsWith('option ')).map((line) => line.slice(7))
    assert.deepEqual(options, head.pushOptions, context)
    for (const line of said.slice(options.length)) assert.ok(decided.has(line), context)
  }
  assert.ok(accepted >= ACCEPTED, `only ${accepted} heads were accepted`)
})
