// Makes the bundles of this folder anew, with keys and times of their own: `node vectors/bundle-portal/make.ts DIR`. What is
// here was made once and stays.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { scratch, startGateway } from '../../test/support/gateway.ts'
import { Git, type GitResult, run, withPassword } from '../../test/support/git.ts'
import { answerBy, lookAt, pushAndTouch, pushUnsigned } from '../../test/support/held-push.ts'
import { NAVIGATE } from '../../test/support/person.ts'
import { enrolledPerson, gitPassword } from '../../test/support/pusher.ts'

const out = process.argv[2] ?? '.'
mkdirSync(out, { recursive: true })
const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
const { portal, url, home } = gateway
const person = await enrolledPerson(gateway, gateway.enroll!)
await person.openForge('/')
const git = new Git(join(scratch('vectors'), 'home'), undefined)
await git.configure({})
const clone = withPassword(gateway.sample, 'keeper', await gitPassword(person))
await git.ok(git.home, 'clone', '-q', clone, 'work')
const work = git.path('work')

const cli = (...args: readonly string[]): Promise<GitResult> =>
  run([join(import.meta.dirname, '..', '..', 'countersign'), ...args, '--home', home])

/** The bundle of the newest intent. */
async function save(name: string): Promise<void> {
  const store = await openSqlite(join(home, 'countersign.db'))
  const intents = store.db.selectFrom('ledger_entry').select('idx').where('type', '=', 'intent')
  const { idx } = await intents.orderBy('idx', 'desc').executeTakeFirstOrThrow()
  await store.close()
  const { code, stderr } = await cli('evidence', 'export', String(idx), '-o', join(out, `${name}.json`))
  if (code !== 0) throw new Error(stderr)
}

await git.commit(work, 'one', (dir) => writeFileSync(join(dir, 'a.txt'), 'a\n'))
await pushAndTouch(person, git, work, 'origin', 'HEAD:refs/heads/held')
await save('held-push')

const held = ['b1', 'b2'].map((name) => pushUnsigned(git, work, 'origin', `HEAD:refs/heads/${name}`))
const codes = await Promise.all(held.map(({ code }) => code))
for (const code of codes) await lookAt(person, code)
await person.ask(`${portal}/pending`)
const batch = await person.portal('/pending/begin', { codes: codes.join(' ') })
await person.portal('/pending/approve', {
  id: batch.json['id'],
  credential: answerBy(person.passkey, batch.json['options']),
})
await Promise.all(held.map(({ done }) => done))
await save('batch')

const form = `${url}/keeper/hello/settings`
const parked = await person.ask(form, {
  method: 'POST',
  body: new URLSearchParams({
    action: 'update',
    repo_name: 'hello',
    description: 'Größer',
    private: 'on',
  }).toString(),
  headers: {
    ...NAVIGATE,
    'content-type': 'application/x-www-form-urlencoded',
    origin: url,
    'sec-fetch-site': 'same-origin',
    referer: form,
  },
})
const page = `/c/${String(parked.headers['refresh']).split('/c/')[1]}`
await person.ask(`${portal}${page}`)
const change = await person.portal(`${page}/begin`, {})
await person.portal(`${page}/approve`, {
  id: change.json['id'],
  credential: answerBy(person.passkey, change.json['options']),
})
await save('change')
writeFileSync(join(out, 'trust.json'), (await cli('ledger', 'trust')).stdout)
await gateway.stop()
process.exit()
