import { escapeIdentifier, sqlStateOf, type Database, type Limit } from '../postgres.ts';
import { MdpError } from '../errors.ts';
import { asking } from './store-error.ts';

/** Who made a scratch schema: a process on a machine. */
export interface ScratchOwner {
  readonly host: string;
  readonly pid: number;
}

const prefix = 'mdp_verify_';

/** Every schema of this prefix that has our table in it; another one is somebody else's. */
const ownTable = 'scratch_owner';

/**
 * A schema of our own beside the tables of the database, for tables that nobody else may see: `use` a URL of it and the
 * whole program works there. Its owner renews its lease (by the server's clock) as long as it lives. Throws an MdpError.
 */
export class ScratchSchema {
  readonly name: string;
  readonly #database: Database;
  readonly #limit: Limit;

  private constructor(name: string, database: Database, limit: Limit) {
    this.name = name;
    this.#database = database;
    this.#limit = limit;
  }

  /** `key` is what its name ends with: nobody else has it. */
  static async create(
    { database, limit }: { readonly database: Database; readonly limit: Limit }, key: string, owner: ScratchOwner,
  ): Promise<ScratchSchema> {
    const schema = new ScratchSchema(`${prefix}${key}`, database, limit);
    const name = escapeIdentifier(schema.name);
    await asking(() => database.use(limit, async (client) => {
      await client.query('BEGIN');
      await client.query(`CREATE SCHEMA ${name}`).catch((error: unknown) => { throw refusalOf(error) ?? error; });
      await client.query(
        `CREATE TABLE ${name}.${ownTable} (host text NOT NULL, pid bigint NOT NULL, renewed_at timestamptz NOT NULL)`);
      await client.query(`INSERT INTO ${name}.${ownTable} VALUES ($1, $2, clock_timestamp())`, [owner.host, owner.pid]);
      await client.query('COMMIT');
    }));
    return schema;
  }

  /** The same database as seen by whoever lives in the schema: no name leads to a table of the live one. */
  urlIn(url: string): string {
    const parsed = new URL(url);
    const options = parsed.searchParams.get('options');
    parsed.searchParams.set('options', `${options === null ? '' : `${options} `}-c search_path=${this.name}`);
    return parsed.href;
  }

  /** Its tables need not outlive a crash of the server, nor be sent to its replicas: half the work. Only while empty. */
  async makeUnlogged(tables: readonly string[]): Promise<void> {
    for (const table of tables) {
      await this.#run(`ALTER TABLE ${escapeIdentifier(this.name)}.${escapeIdentifier(table)} SET UNLOGGED`);
    }
  }

  /** The server learns what is in its tables: without that it joins them as if they were small. */
  async analyze(tables: readonly string[]): Promise<void> {
    for (const table of tables) {
      await this.#run(`ANALYZE ${escapeIdentifier(this.name)}.${escapeIdentifier(table)}`);
    }
  }

  /** Says that its owner lives. */
  async renew(): Promise<void> {
    await this.#run(`UPDATE ${escapeIdentifier(this.name)}.${ownTable} SET renewed_at = clock_timestamp()`);
  }

  async drop(): Promise<void> {
    await this.#run(`DROP SCHEMA IF EXISTS ${escapeIdentifier(this.name)} CASCADE`);
  }

  async #run(statement: string): Promise<void> {
    await asking(() => this.#database.query(this.#limit, statement));
  }
}

interface FoundOwner extends ScratchOwner {
  readonly silentMs: number;
}

/**
 * Drops what dead owners have left behind: `isGone` knows it, or the lease was not renewed for `leaseMs`. Returns the names.
 */
export async function dropLeftovers(
  { database, limit }: { readonly database: Database; readonly limit: Limit }, leaseMs: number,
  isGone: (owner: ScratchOwner) => boolean,
): Promise<readonly string[]> {
  return asking(async () => {
    const { rows } = await database.query<{ schema: string }>(limit, `
      SELECT table_schema AS schema FROM information_schema.tables
       WHERE table_name = $1 AND starts_with(table_schema, $2) ORDER BY 1`, [ownTable, prefix]);
    const dropped: string[] = [];
    for (const { schema } of rows) {
      const owner = await ownerOf(database, limit, schema);
      if (owner === null || (owner.silentMs < leaseMs && !isGone(owner))) continue;
      await database.query(limit, `DROP SCHEMA IF EXISTS ${escapeIdentifier(schema)} CASCADE`);
      dropped.push(schema);
    }
    return dropped;
  });
}

/** Null: it is gone meanwhile. */
async function ownerOf(database: Database, limit: Limit, schema: string): Promise<FoundOwner | null> {
  try {
    const { rows } = await database.query<FoundOwner>(limit, `
      SELECT host, pid, (extract(epoch FROM clock_timestamp() - renewed_at) * 1000)::double precision AS "silentMs"
        FROM ${escapeIdentifier(schema)}.${ownTable}`);
    return rows[0] ?? null;
  } catch (error) {
    if (['42P01', '3F000'].includes(sqlStateOf(error) ?? '')) return null;
    throw error;
  }
}

function refusalOf(error: unknown): MdpError | null {
  if (sqlStateOf(error) !== '42501') return null;
  return new MdpError('store-misconfigured', 'The log is folded again in a schema of its own: the user of store.url ' +
    '(DATABASE_URL) needs CREATE on the database (GRANT CREATE ON DATABASE … TO …).', error);
}
