import type { StoreStatus } from '../model/status.ts';
import type { Database, Limit } from '../postgres.ts';
import { asking } from './store-error.ts';

/** What the server says of itself. */
export interface ServerFacts {
  readonly serverVersion: string;
  readonly serverVersionNumber: number; // 170005 for 17.5.
  /** Version of the extension in this database, or null. */
  readonly extension: string | null;
  /** Version that could be created here, or null. */
  readonly available: string | null;
  /** `timescale` or `apache`; null without the extension. */
  readonly license: string | null;
}

export type ServerKind = Pick<StoreStatus, 'kind' | 'serverVersion' | 'hypertable' | 'compression' | 'retention'>;

/** A server and what is off there, in a sentence for the log. */
export interface DetectedServer {
  readonly server: ServerKind;
  readonly sentence: string;
}

/** The oldest PostgreSQL that the tests have run on. */
const versionNumberMin = 140_000;
/** Functions that compression needs have their names since this version. */
const extensionMin = [2, 14] as const;

/**
 * Finds out what the server can do, and creates the extension TimescaleDB where that is possible and not done yet.
 * Throws an MdpError as everything here does.
 */
export async function detectServer(database: Database, limit: Limit): Promise<DetectedServer> {
  let facts = await asking(() => readFacts(database, limit));
  if (facts.extension === null && facts.available !== null) {
    // Needs a right that the user may not have: a plain table works too.
    await database.query(limit, 'CREATE EXTENSION IF NOT EXISTS timescaledb').catch(() => {});
    facts = await asking(() => readFacts(database, limit));
  }
  return judgeServer(facts);
}

/** The same, and creates nothing. */
export async function lookAtServer(database: Database, limit: Limit): Promise<DetectedServer> {
  return judgeServer(await asking(() => readFacts(database, limit)));
}

/** The verdict on what a server said. */
export function judgeServer(facts: ServerFacts): DetectedServer {
  const { serverVersion, extension } = facts;
  const old = notes(facts);
  if (extension === null) {
    const version = `PostgreSQL ${serverVersion}`;
    const why = facts.available === null
      ? 'TimescaleDB is not installed'
      : 'TimescaleDB is installed but not created here (CREATE EXTENSION timescaledb, as a superuser)';
    return {
      server: { kind: 'postgresql', serverVersion: version, hypertable: false, compression: false, retention: true },
      sentence: `${version}: ${why}, so bars are a plain table without compression; retention deletes rows.${old}`,
    };
  }
  const apache = facts.license === 'apache';
  const version = `PostgreSQL ${serverVersion}, TimescaleDB ${extension}`;
  return {
    server: {
      kind: apache ? 'timescaledb-apache' : 'timescaledb',
      serverVersion: version, hypertable: true, compression: !apache, retention: true,
    },
    sentence: apache
      ? `${version}, Apache edition: it has no compression, so store.compression is off.${old}`
      : `${version}, community edition: hypertable, compression and retention are there.${old}`,
  };
}

function notes({ serverVersionNumber, extension }: ServerFacts): string {
  const [major, minor] = (extension ?? '').split('.').map((part) => Number.parseInt(part, 10));
  const [majorMin, minorMin] = extensionMin;
  const isOld = extension !== null && ((major ?? 0) < majorMin || (major === majorMin && (minor ?? 0) < minorMin));
  return [
    serverVersionNumber < versionNumberMin ? ' PostgreSQL before 14 is not tested.' : '',
    isOld ? ' TimescaleDB before 2.14 is not supported: leave store.compression and store.retention empty.' : '',
  ].join('');
}

async function readFacts(database: Database, limit: Limit): Promise<ServerFacts> {
  const { rows: [row] } = await database.query<ServerFacts & { license: string | null }>(limit, `
    SELECT current_setting('server_version') AS "serverVersion",
           current_setting('server_version_num')::integer AS "serverVersionNumber",
           (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS extension,
           (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb') AS available,
           NULL AS license`);
  if (row.extension === null) return row;
  // A query of its own: the setting exists once the extension's library is loaded, which the first query does.
  const { rows: [setting] } = await database.query<{ license: string | null }>(
    limit, "SELECT current_setting('timescaledb.license', true) AS license");
  return { ...row, license: setting.license };
}
