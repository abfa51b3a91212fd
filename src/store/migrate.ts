import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { MdpError } from '../errors.ts';
import type { Database, Limit, PoolClient } from '../postgres.ts';
import { asking } from './store-error.ts';

export interface MigrationReport {
  /** Version that was found; 0 for a database without our tables. */
  readonly from: number;
  readonly to: number;
  /** Names of the migrations that this call ran, in order. */
  readonly applied: readonly string[];
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const ownDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));
/** One key for all pipelines of a database: the schema is theirs together. "mdp" in ASCII. */
const lockKey = 0x6d6470;

/**
 * Brings the schema to this version: numbered SQL files, forward only, each in a transaction of its own with its row in
 * `schema_version` written first. Any number of processes may call it at once: the transaction holds an advisory lock,
 * and looks again at the version behind it. (The embedded database's one session makes advisory locks useless, and
 * transactions exclusive.) Throws an MdpError: `schema-unknown` when a newer mdp was here, `store-unavailable`,
 * `store-misconfigured`.
 */
export async function migrate(database: Database, limit: Limit, directory = ownDirectory): Promise<MigrationReport> {
  const migrations = readMigrations(directory);
  const from = await schemaVersion(database, limit);
  refuseNewer(from, migrations.length);
  const applied: string[] = [];
  let version = from;
  while (version < migrations.length) {
    const step = await asking(() => database.use(limit, (client) => applyNext(client, migrations)));
    if (step.applied !== null) applied.push(step.applied);
    version = step.version;
  }
  return { from, to: version, applied };
}

/** The version that is there, 0 for none; does not change anything. */
export function schemaVersion(database: Database, limit: Limit): Promise<number> {
  return asking(() => database.use(limit, readVersion));
}

/** For commands that do not migrate. Throws an MdpError that says what to run when the schema is another version's. */
export async function requireSchema(database: Database, limit: Limit): Promise<number> {
  const version = await schemaVersion(database, limit);
  const wanted = readMigrations(ownDirectory).length;
  refuseNewer(version, wanted);
  if (version === wanted) return version;
  const found = version === 0 ? 'has no tables of mdp' : `has schema version ${version}, this mdp needs ${wanted}`;
  throw new MdpError('store-misconfigured', `The database ${found}. Run \`mdp migrate\`.`);
}

async function applyNext(
  client: PoolClient, migrations: readonly Migration[],
): Promise<{ readonly version: number; readonly applied: string | null }> {
  await client.query('BEGIN');
  await client.query('SET LOCAL statement_timeout = 0'); // Waiting for another process is bounded by our deadline.
  await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
  await client.query(`CREATE TABLE IF NOT EXISTS schema_version (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
  const version = await readVersion(client);
  refuseNewer(version, migrations.length);
  const next = migrations[version];
  if (next === undefined) {
    await client.query('COMMIT');
    return { version, applied: null };
  }
  await client.query('INSERT INTO schema_version (version, name) VALUES ($1, $2)', [next.version, next.name]);
  await client.query(next.sql);
  await client.query('COMMIT');
  return { version: next.version, applied: next.name };
}

async function readVersion(client: PoolClient): Promise<number> {
  const tables = await client.query<{ exists: boolean }>("SELECT to_regclass('schema_version') IS NOT NULL AS exists");
  if (!tables.rows[0].exists) return 0;
  const versions = await client.query<{ newest: number | null }>('SELECT max(version) AS newest FROM schema_version');
  return versions.rows[0].newest ?? 0;
}

function refuseNewer(found: number, known: number): void {
  if (found <= known) return;
  throw new MdpError(
    'schema-unknown',
    `The database has schema version ${found}; this mdp knows versions up to ${known}. A newer mdp has migrated it: ` +
      'run that version or a later one. Nothing was changed.',
  );
}

/** `0001_tables.sql` is version 1. Throws when a number is missing or doubled. */
function readMigrations(directory: string): Migration[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.sql')).sort();
  return files.map((name, index) => {
    const version = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]);
    if (version !== index + 1) {
      throw new Error(`migrations/${name} should be number ${index + 1}; names are like 0002_fill.sql, without holes.`);
    }
    return { version, name, sql: readFileSync(path.join(directory, name), 'utf8') };
  });
}
