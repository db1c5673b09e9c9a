// How git names a repository that it reaches by ssh (gitcli "GIT URLS"):
//   ssh://[user@]host[:port]/owner/name.git   or   [user@]host:owner/name.git

/**
 * The repository in an address of git's over ssh: `owner/name` in lower case, without `.git`. The host is not looked at: an alias of
 * the person's own configuration may stand there. Undefined for any other address.
 */
export function repositoryInSshAddress(address: string): string | undefined {
  // `address` is attacker-controlled.
  const path =
    /^(?:git\+)?ssh:\/\/[^/?#]+\/(.+)$/.exec(address)?.[1] ?? /^[^:/\s]+:(?!\/\/)(.+)$/.exec(address)?.[1]
  return path === undefined ? undefined : sshRepository(path)
}

/** `owner/name` of the path that a client asks for: `/` in front, `/` behind and `.git` may be there or not. */
export function sshRepository(path: string): string | undefined {
  const match = /^\/?([A-Za-z0-9_.][A-Za-z0-9_.-]{0,99})\/([A-Za-z0-9_.][A-Za-z0-9_.-]{0,110}?)\/?$/.exec(
    path,
  )
  if (!match) return undefined
  const [owner, name] = [match[1]!, match[2]!.replace(/\.git$/i, '')]
  return [owner, name].some((part) => part === '' || part === '.' || part === '..')
    ? undefined
    : `${owner}/${name}`.toLowerCase()
}
