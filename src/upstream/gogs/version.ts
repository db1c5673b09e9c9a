import { type Client, unexpected } from './client.ts'

/** The version that Gogs tells its administrators, as `0.14.3`. */
export async function readVersion(client: Client, serviceUser: string): Promise<string> {
  const answer = await client.ask({ path: '/admin', as: serviceUser })
  const found = /<dd>(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)<\/dd>/.exec(answer.body.toString('utf8'))
  if (answer.status !== 200 || !found) throw unexpected('telling its version', answer)
  return found[1]!
}
