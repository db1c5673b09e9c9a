import { parseArgs } from 'node:util'

export interface Options {
  readonly home: string
  readonly port: number
  /** Name of the header that says who is asking, lower case. */
  readonly header: string
  /** A site administrator that is made when there is none of this name. */
  readonly admin: string | undefined
  /** What clone URLs on pages begin with. */
  readonly externalUrl: string
  /** What SSH clone URLs on pages begin with; null for none. */
  readonly sshUrl: string | null
  /** A file whose content repository pages carry as a script, to show what an injected script cannot do. */
  readonly inject: string | undefined
  /** Public repositories are shown to whoever asks: `REQUIRE_SIGNIN_VIEW = false` in Gogs. */
  readonly open: boolean
}

/** Options from the command line; a string says what is wrong with them. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options | string {
  const usage =
    'usage: main.ts --home DIR --port N [--header NAME] [--admin NAME] [--external-url URL] [--ssh-url URL] [--inject FILE] [--open]'
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({
      args,
      options: {
        home: text,
        port: text,
        header: text,
        admin: text,
        'external-url': text,
        'ssh-url': text,
        inject: text,
        open: { type: 'boolean', default: false },
      },
    })
    const port = Number(values.port)
    if (values.home === undefined || !Number.isInteger(port) || port < 0 || port > 65535) return usage
    return {
      home: values.home,
      port,
      header: (values.header ?? env['STAND_IN_HEADER'] ?? 'X-WEBAUTH-USER').toLowerCase(),
      admin: values.admin,
      externalUrl: (values['external-url'] ?? `http://127.0.0.1:${port}`).replace(/\/+$/, ''),
      sshUrl: values['ssh-url'] ?? null,
      inject: values.inject,
      open: values.open,
    }
  } catch (error) {
    return `${(error as Error).message}\n${usage}`
  }
}
