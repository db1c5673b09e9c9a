import { DatabaseSync } from 'node:sqlite'
import type { Leftover } from '../leftover.ts'

/** What the interface of Gogs does not show, as its own tables have it; each in the SQL that SQLite and PostgreSQL both take. */
export const UNSEEN: readonly { readonly kind: Leftover['kind']; readonly sql: string }[] = [
  {
    kind: 'administrator',
    sql: `select name as place, 'site administrator' as name from "user" where is_admin and type = 0 order by name`,
  },
  {
    kind: 'password',
    sql: `select name as place, 'a password of the forge' as name from "user" where type = 0 and login_source = 0 and passwd <> '' order by name`,
  },
  {
    kind: 'closed-account',
    sql: `select u.name as place, 'access token: ' || t.name as name from access_token t join "user" u on u.id = t.uid where u.prohibit_login order by 1, 2`,
  },
  {
    kind: 'protected-branch',
    sql: `select u.name || '/' || r.name as place, p.name as name from protect_branch p join repository r on r.id = p.repo_id join "user" u on u.id = r.owner_id where p.protected order by 1, 2`,
  },
  {
    kind: 'webhook',
    sql: `select u.name as place, w.url as name from webhook w join "user" u on u.id = w.org_id where w.org_id > 0 order by 1, 2`,
  },
]

/** Read a copy of Gogs' SQLite file, or the file itself: never written. Throws when it is none. */
export function readDatabase(file: string): Leftover[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return UNSEEN.flatMap(({ kind, sql }) =>
      database
        .prepare(sql)
        .all()
        .map((row): Leftover => {
          const { place, name } = row as { place: string; name: string }
          return { kind, where: place, name: kind === 'webhook' ? hostOf(name) : name, id: null }
        }),
    )
  } finally {
    database.close()
  }
}

function hostOf(url: string): string {
  return `to ${URL.canParse(url) ? new URL(url).host : 'an address'}`
}
