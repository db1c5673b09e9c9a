import { resolve } from 'node:path'
import { Command } from 'commander'
import { adminDisable, adminFrozen, adminPeople, adminRecover, adminUnfreeze } from './admin.ts'
import { onHost } from './host.ts'
import { evidenceExport, ledgerKey, ledgerVerify, trustFile } from './ledger.ts'
import type { Printed } from './printed.ts'
import { adminReport } from './report.ts'
import { verify } from './verify.ts'

// Paths are taken from where the person stands, not from where the launcher lives.
const cwd = process.env['INIT_CWD'] ?? process.cwd()
const path = (text: string): string => resolve(cwd, text)
const root = resolve(import.meta.dirname, '..', '..')

function print({ code, lines, errors }: Printed): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
  for (const line of errors) process.stderr.write(`countersign: ${line}\n`)
  process.exitCode = code
}

const program = new Command('countersign')
  .description('Hardware-proven git: the command line.')
  .showHelpAfterError()
const home = ['--home <dir>', 'home of the gateway', resolve(root, '.countersign')] as const
interface Home {
  home: string
}

program
  .command('verify <file>')
  .description('check an evidence bundle offline')
  .option(
    '--trust <file>',
    'pinned ledger key, portal and RP ID; without it the answer can only be "self-consistent"',
  )
  .option('--json', 'the argument as JSON')
  .action((file: string, options: { trust?: string; json?: boolean }) =>
    print(
      verify(path(file), { ...options, ...(options.trust !== undefined && { trust: path(options.trust) }) }),
    ),
  )

const ledger = program.command('ledger').description('the append-only log')
ledger
  .command('verify')
  .description('recompute the log from its entries')
  .option(...home)
  .option('--vkey <key>', 'pinned verifier key, as `ledger key` printed it')
  .option(
    '--trust <file>',
    'trust file that pins the key; without either, the key of the home itself is used',
  )
  .action(async (o: Home & { vkey?: string; trust?: string }) =>
    print(
      await ledgerVerify(path(o.home), {
        ...(o.vkey !== undefined && { vkey: o.vkey }),
        ...(o.trust !== undefined && { trust: path(o.trust) }),
      }),
    ),
  )
ledger
  .command('key')
  .description('print the verifier key')
  .option(...home)
  .action(async (o: Home) => print(await onHost(path(o.home), ledgerKey)))
ledger
  .command('trust')
  .description('print a trust file to pin')
  .option(...home)
  .action(async (o: Home) => print(await onHost(path(o.home), trustFile)))

program
  .command('evidence')
  .description('evidence of pushes')
  .command('export <entry|commit>')
  .description('one push as a file that can be checked offline')
  .option(...home)
  .option('-o, --output <file>', 'write the bundle there')
  .option('--ssh <dir>', 'write statement, signature and allowed_signers for plain ssh-keygen instead')
  .action(async (subject: string, o: Home & { output?: string; ssh?: string }) =>
    print(
      await onHost(path(o.home), (records) =>
        evidenceExport(records, subject, {
          ...(o.output !== undefined && { output: path(o.output) }),
          ...(o.ssh !== undefined && { ssh: path(o.ssh) }),
        }),
      ),
    ),
  )

const admin = program.command('admin').description('on the host of the gateway')
admin
  .command('recover <name>')
  .description('a new enrolment link, on record')
  .option(...home)
  .action(async (name: string, o: Home) =>
    print(await onHost(path(o.home), (records) => adminRecover(records, name))),
  )
admin
  .command('disable <name>')
  .description('end everything an account can do')
  .option(...home)
  .action(async (name: string, o: Home) =>
    print(await onHost(path(o.home), (records) => adminDisable(records, name))),
  )
admin
  .command('people')
  .description('accounts and their devices')
  .option(...home)
  .action(async (o: Home) => print(await onHost(path(o.home), adminPeople)))
admin
  .command('report')
  .description('whether policy is enforced, and what it would have asked for or refused where it is not')
  .option(...home)
  .action(async (o: Home) => print(await onHost(path(o.home), adminReport)))
admin
  .command('frozen')
  .description('refs that the forge changed as nobody had signed')
  .option(...home)
  .action(async (o: Home) => print(await onHost(path(o.home), adminFrozen)))
admin
  .command('unfreeze <repo> <ref>')
  .description('let people move such a ref again, on record')
  .option(...home)
  .action(async (repo: string, ref: string, o: Home) =>
    print(await onHost(path(o.home), (records) => adminUnfreeze(records, repo, ref))),
  )
admin
  .command('invite <name> <email>')
  .description('a user of the forge and a one-time link')
  .option('--admin', 'as an administrator')
  .option(...home)
  .action(async (name: string, email: string, o: Home & { admin?: boolean }) => {
    const { adminInvite } = await import('./invite.ts')
    print(
      await onHost(path(o.home), (records, settings) =>
        adminInvite(records, settings, { name, email, admin: o.admin === true }),
      ),
    )
  })

program
  .command('gogs')
  .description('the Gogs behind the gateway')
  .command('adopt')
  .description('what people made in it before: keys, tokens, hooks; changes nothing without --apply')
  .option(...home)
  .option(
    '--database <file>',
    "Gogs' SQLite file or a copy of it, only read: shows what its interface does not",
  )
  .option('--apply', 'end the SSH keys, access tokens and deploy keys that are listed, for good')
  .option('--only <kinds...>', 'with --apply: of these kinds alone')
  .action(async (o: Home & { database?: string; apply?: boolean; only?: string[] }) => {
    const { gogsAdopt } = await import('./adopt.ts')
    print(
      await onHost(path(o.home), (records, settings) =>
        gogsAdopt(records, settings, {
          apply: o.apply === true,
          ...(o.database !== undefined && { database: path(o.database) }),
          ...(o.only && { only: o.only }),
        }),
      ),
    )
  })

await program.parseAsync()
