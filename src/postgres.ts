import { Client, DatabaseError, Pool, types, type ClientConfig, type PoolClient, type QueryResult } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { messageOf } from './errors.ts';
import type { Settings } from './model/setting.ts';
import { ConnectionLost, ConnectionRefused, faultOf, isFatal } from './postgres-faults.ts';
import { connectionString } from './postgres-url.ts';

export { escapeIdentifier, escapeLiteral } from 'pg';
export type { PoolClient, QueryResult } from 'pg';
export { ConnectionLost, ConnectionRefused, faultOf, isFatal, sqlStateOf } from './postgres-faults.ts';
export type { DatabaseAction, DatabaseFault } from './postgres-faults.ts';
export { connectionString, openWay } from './postgres-url.ts';

export const storeConnectionSettings = {
  url: {
    type: 'text', default: '', env: 'DATABASE_URL', secret: true,
    doc: 'The database, as postgres://user:password@host:port/database?sslmode=require. ' +
      'Empty: the embedded TimescaleDB.',
  },
  connect_timeout_ms: {
    type: 'integer', default: 10_000, min: 100, max: 300_000,
    doc: 'Longest time that making a connection may take, in milliseconds.',
  },
  statement_timeout_ms: {
    type: 'integer', default: 30_000, min: 100, max: 3_600_000,
    doc: 'Longest time that the server may work on one statement of a query, in milliseconds.',
  },
} as const satisfies Settings;

export interface DatabaseOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly clientsMax: number;
  readonly connectTimeoutMs: number;
  /** The server gives a statement up after this time, also when its client is gone. */
  readonly statementTimeoutMs: number;
  /** The server ends a session that stands still inside a transaction, and its locks with it. */
  readonly idleInTransactionTimeoutMs: number;
}

/** Every call has one: nothing waits for a server for ever. */
export interface Limit {
  readonly deadlineMs: number;
  readonly abort?: AbortSignal;
}

/**
 * A server that waits for COPY data from a client which is unreachable holds its locks until TCP gives up: after two hours
 * by default, after 15 + 3 · 5 seconds like this. What the URL itself says in `options` wins.
 */
const keepAliveOptions = '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';
const idleClientTimeoutMs = 60_000;
/** A server that is alive closes its side of an ended connection within this time; a frozen one never does. */
const farewellMs = 500;

type Row<R extends object> = R & Record<string, unknown>;

/** A pool of connections whose every use has a deadline. */
export class Database {
  readonly #pool: Pool;
  readonly #clients = new Set<Client>();
  #closing: Promise<void> | null = null;

  /** Connects to nothing yet. Throws an MdpError `config-invalid` when the URL is not one. */
  constructor(options: DatabaseOptions) {
    const clients = this.#clients;
    class OwnedClient extends Client {
      constructor(config?: ClientConfig) {
        super(config);
        // Positions, generations and counts are whole numbers below 2^53: numbers, not strings.
        this.setTypeParser(types.builtins.INT8, Number);
        clients.add(this);
        // Without a listener the loss of an idle connection is an uncaught exception. Its socket may still be open then.
        this.on('error', () => broken.add(this));
        this.once('end', () => clients.delete(this));
      }
    }
    this.#pool = new Pool({
      connectionString: connectionString(options.url),
      application_name: options.applicationName,
      max: options.clientsMax,
      connectionTimeoutMillis: options.connectTimeoutMs,
      idleTimeoutMillis: idleClientTimeoutMs,
      idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
      statement_timeout: options.statementTimeoutMs,
      keepAlive: true,
      options: keepAliveOptions,
      Client: OwnedClient,
    });
    this.#pool.on('error', () => {});
  }

  /**
   * Lends a connection to `work`. When the deadline passes or `abort` fires, the socket is destroyed and the call
   * rejects at once with ConnectionLost, whatever the server does. After an error the transaction is rolled back, or
   * the connection thrown away. Rejects with what `work` throws, a DatabaseError among them; see `faultOf`.
   */
  async use<T>(limit: Limit, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const watchdog = new Watchdog(limit);
    try {
      const client = await this.#connect(watchdog);
      return await run(client, watchdog, work);
    } finally {
      watchdog.stop();
    }
  }

  query<R extends object>(limit: Limit, text: string, values: unknown[] = []): Promise<QueryResult<Row<R>>> {
    return this.use(limit, (client) => client.query<Row<R>>(text, values));
  }

  /** Ends the connections; those that do not end in time are cut. What still uses one must have been aborted before. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await Promise.race([this.#pool.end(), pause(farewellMs)]);
    await Promise.race([Promise.all([...this.#clients].map(ended)), pause(farewellMs)]);
    for (const client of this.#clients) client.connection.stream.destroy();
  }

  async #connect(watchdog: Watchdog): Promise<PoolClient> {
    const connecting = this.#pool.connect();
    try {
      return await Promise.race([connecting, watchdog.bitten]);
    } catch (error) {
      connecting.then((client) => client.release(), () => {}); // It may still come, when nobody waits for it any more.
      throw error instanceof DatabaseError || error instanceof ConnectionLost ? error : connectionFault(error);
    }
  }
}

/**
 * Sends rows that are already encoded, in one write: while a server waits for COPY data no timeout of its own runs.
 * Returns the number of rows copied.
 */
export function copyIn(client: PoolClient, text: string, rows: Buffer): Promise<number> {
  const stream = client.query(copyFrom(text));
  return new Promise((resolve, reject) => {
    stream.on('error', reject); // Permanent: a second error may follow the first.
    stream.once('finish', () => resolve(stream.rowCount));
    stream.end(rows);
  });
}

async function run<T>(client: PoolClient, watchdog: Watchdog, work: (client: PoolClient) => Promise<T>): Promise<T> {
  watchdog.guard(client);
  try {
    const result = await Promise.race([work(client), watchdog.bitten]);
    client.release();
    return result;
  } catch (error) {
    const fault = isDead(client) && !(error instanceof DatabaseError) ? watchdog.reason ?? lost(error) : error;
    await recover(client, watchdog, fault);
    throw fault;
  }
}

/** A client goes back into the pool only outside of any transaction: the next user would get 25P02. */
async function recover(client: PoolClient, watchdog: Watchdog, fault: unknown): Promise<void> {
  try {
    if (isDead(client)) throw fault;
    if (client.getTransactionStatus() !== 'I') await Promise.race([client.query('ROLLBACK'), watchdog.bitten]);
    // A server that was demoted (25006) or shuts down keeps answering here for a while: find the one that took over.
    client.release(faultOf(fault).action === 'reconnect' || isFatal(fault));
  } catch {
    client.connection.stream.destroy();
    client.release(true);
  }
}

/** Bites once: at the deadline or when `abort` fires. */
class Watchdog {
  readonly bitten: Promise<never>;
  reason: ConnectionLost | null = null;
  readonly #limit: Limit;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort: () => void;
  #reject: (reason: ConnectionLost) => void = () => {};
  #client: PoolClient | null = null;

  constructor(limit: Limit) {
    this.#limit = limit;
    this.bitten = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.bitten.catch(() => {});
    this.#onAbort = () => this.#bite('The call to the database was aborted.');
    const late = `The database did not answer within ${limit.deadlineMs} ms.`;
    this.#timer = setTimeout(() => this.#bite(late), limit.deadlineMs);
    limit.abort?.addEventListener('abort', this.#onAbort);
    if (limit.abort?.aborted === true) this.#onAbort();
  }

  guard(client: PoolClient): void {
    this.#client = client;
    if (this.reason !== null) client.connection.stream.destroy(this.reason);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#limit.abort?.removeEventListener('abort', this.#onAbort);
  }

  #bite(message: string): void {
    if (this.reason !== null) return;
    this.reason = new ConnectionLost(message);
    this.#client?.connection.stream.destroy(this.reason);
    this.#reject(this.reason);
  }
}

/** Clients that the server has sent away, or that lost it: pg refuses every query on them. */
const broken = new WeakSet<Client>();

function isDead(client: PoolClient): boolean {
  const { stream } = client.connection;
  return stream.destroyed || !stream.writable || broken.has(client);
}

function lost(cause: unknown): ConnectionLost {
  return new ConnectionLost(`The connection to the database was lost: ${messageOf(cause)}.`, { cause });
}

/** A failed connection that the server did not explain. Most heal by waiting; TLS and passwords do not. */
function connectionFault(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // pg marks neither of the last two but by their words.
  const refused = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code) ||
    /^SASL|does not support SSL/.test(messageOf(error));
  const message = `No connection to the database: ${messageOf(error) || code}.`;
  if (!refused) return new ConnectionLost(message, { cause: error });
  const advice = 'Check sslmode, user and password in store.url (DATABASE_URL).';
  return new ConnectionRefused(`${message} ${advice}`, { cause: error });
}

function ended(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('end', resolve));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
