import { userInfo } from 'node:os'

const KEPT = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const

/**
 * The environment of a forge: a short list of what it needs, none of the gateway's secrets, no `GIT_*` that would
 * point its git elsewhere, and a home of its own so that nobody's `.gitconfig` has a say.
 */
export function childEnv(env: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {}
  for (const name of KEPT) if (env[name] !== undefined) kept[name] = env[name]
  return {
    ...kept,
    HOME: home,
    USER: userInfo().username,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  }
}
