import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresDialect,
  PostgresDriver,
  type PostgresPool,
  PostgresQueryCompiler,
} from 'kysely'

/** kysely over pg for reads: some connections, each of which can change nothing. */
export function readDialect(pool: PostgresPool): Dialect {
  return new ReadDialect({ pool })
}

/** kysely over pg for writes: one connection, used by one transaction at a time. See {@link WriteDriver}. */
export function writeDialect(pool: PostgresPool, words: { begin: string; commit: string }): Dialect {
  return new WriteDialect(pool, words)
}

class ReadDialect extends PostgresDialect {
  override createQueryCompiler(): StrictCompiler {
    return new StrictCompiler()
  }
}

class WriteDialect extends ReadDialect {
  readonly #pool: PostgresPool
  readonly #words: { begin: string; commit: string }

  constructor(pool: PostgresPool, words: { begin: string; commit: string }) {
    super({ pool })
    this.#pool = pool
    this.#words = words
  }

  override createDriver(): Driver {
    return new WriteDriver(this.#pool, this.#words)
  }

  override createAdapter(): PostgresAdapter {
    return new OneConnection()
  }
}

class OneConnection extends PostgresAdapter {
  override get supportsMultipleConnections(): boolean {
    return false
  }
}

/** Begins by taking the writers' lock and ends by telling other processes: one round trip each. */
class WriteDriver extends PostgresDriver {
  readonly #begin: CompiledQuery
  readonly #commit: CompiledQuery

  constructor(pool: PostgresPool, { begin, commit }: { begin: string; commit: string }) {
    super({ pool })
    this.#begin = CompiledQuery.raw(`begin isolation level read committed; ${begin}`)
    // In a transaction that a failed statement has ended, the first of these fails: nothing is "committed" into a roll-back.
    this.#commit = CompiledQuery.raw(`${commit}; commit`)
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(this.#begin)
    } catch (error) {
      await this.rollbackTransaction(connection as never).catch(() => {})
      throw error
    }
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(this.#commit)
  }
}

/** Text is sent as text: PostgreSQL would else read it as whatever the column is, and SQLite refuses it there. */
class StrictCompiler extends PostgresQueryCompiler {
  protected override appendValue(parameter: unknown): void {
    super.appendValue(parameter)
    if (typeof parameter === 'string') this.append('::text')
  }
}
