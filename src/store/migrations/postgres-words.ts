import { type KyselyPlugin, RawNode } from 'kysely'

/** What SQLite's words for tables are called in PostgreSQL. Text is ordered and compared by its bytes, as SQLite does. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bblob\b/g, 'bytea'],
  [/\binteger\b/g, 'bigint'],
  [/\btext\b/g, 'text collate "C"'],
  [/ strict(?:, without rowid)?$/, ''],
]

/** A statement of a migration, in PostgreSQL's words. */
export function inPostgresWords(statement: string): string {
  return WORDS.reduce((text, [word, ours]) => text.replace(word, ours), statement)
}

/** Migrations are written once, in SQLite's words; this lets PostgreSQL hear its own. */
export const postgresWords: KyselyPlugin = {
  transformQuery({ node }) {
    if (!RawNode.is(node)) return node
    return RawNode.create(node.sqlFragments.map(inPostgresWords), node.parameters)
  },
  transformResult: async ({ result }) => result,
}
