// A gateway for lifetime.ts to kill: starts the forge, makes a repository, says so, and waits.
import { type Kind, start } from './support.ts'

const [kind, home] = process.argv.slice(2) as [Kind, string]
const { forge, process: child } = await start(kind, home)
const repo = await forge.createRepo('alice', 'orphaned', { private: true, readme: true })
process.stdout.write(`${JSON.stringify({ pid: child?.pid, repo: repo.id })}\n`)
setInterval(() => undefined, 1000)
