import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type RunningGateway, scratch } from './gateway.ts'
import { Git, run, withPassword } from './git.ts'
import { Person } from './person.ts'
import { type SkAgent, type SoftKey, startAgent } from './sk-agent.ts'

/** Somebody who is enrolled, has a git password and a signing key, and a stock git set up as the portal says. */
export interface Pusher {
  readonly name: string
  readonly person: Person
  readonly agent: SkAgent
  readonly key: SoftKey
  readonly git: Git
  /** Clone URL with the git password in it. */
  remote(url: string): string
  password: string
}

export async function enrolledPerson(gateway: RunningGateway, link: string): Promise<Person> {
  const person = new Person(gateway)
  await person.enrol(link)
  await person.signIn()
  return person
}

/** Add a signing key as the portal's page does it: paste, run the printed command, paste, touch. */
export async function addSigningKey(person: Person, agent: SkAgent, key: SoftKey): Promise<void> {
  await person.ask(`${person.gateway.portal}/devices/add-ssh-key`)
  const begun = await person.portal('/devices/add-ssh-key/begin', { key: key.line, path: key.path })
  assert.equal(begun.status, 200, JSON.stringify(begun.json))
  const signed = await run(['sh', '-c', begun.json['show'].command], { env: { SSH_AUTH_SOCK: agent.socket } })
  assert.match(signed.stdout, /BEGIN SSH SIGNATURE/, signed.stderr)
  await person.approve('add-ssh-key', { name: 'Soft key', signature: signed.stdout })
}

export async function gitPassword(person: Person): Promise<string> {
  return (await person.approve('git-password', {}))['show'].password
}

export async function pusher(
  gateway: RunningGateway,
  name: string,
  link: string,
  type: 'ed25519-sk' | 'ecdsa-sk' = 'ed25519-sk',
): Promise<Pusher> {
  return pusherOf(await enrolledPerson(gateway, link), name, type)
}

/** The same for somebody who is enrolled. */
export async function pusherOf(
  person: Person,
  name: string,
  type: 'ed25519-sk' | 'ecdsa-sk' = 'ed25519-sk',
): Promise<Pusher> {
  const home = scratch(name)
  const agent = await startAgent(home)
  const key = agent.addKey(type, 'id_sk')
  await addSigningKey(person, agent, key)
  const git = new Git(join(home, 'home'), agent.socket)
  await git.configure({ 'gpg.format': 'ssh', 'user.signingkey': key.path, 'push.gpgSign': 'if-asked' })
  const self: Pusher = {
    name,
    person,
    agent,
    key,
    git,
    password: await gitPassword(person),
    remote: (url) => withPassword(url, name, self.password),
  }
  return self
}

/** Invite somebody as the administrator `admin`; returns the one-time link. */
export async function inviteLink(admin: Person, name: string): Promise<string> {
  const { show } = await admin.approve('invitation', { name, email: `${name}@example.com` })
  const link = Object.values(show as Record<string, string>).find((value) => value.includes('/enrol#'))
  assert.ok(link, JSON.stringify(show))
  return link
}
