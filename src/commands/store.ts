import { runningEmbedded, startEmbedded, type Embedded } from '../embedded/launcher.ts';
import { MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Config } from '../config.ts';
import { Database } from '../postgres.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The database of a configuration: its own, or the embedded one that was started for it. */
export interface OpenStore {
  readonly url: string;
  readonly embedded: Embedded | null;
  /** For migrations and lanes; the sink has connections of its own. */
  readonly database: Database;
  /** For the API: it can never starve the others. */
  readonly readDatabase: Database;
  close(): Promise<void>;
}

/**
 * Starts the embedded TimescaleDB where no URL is set. Connects to nothing else yet. With `share`, an embedded one that
 * runs already (under `mdp run`) is used as it is: for commands that look on while the daemon works.
 */
export async function openStore(config: Config, log: Logger, share = false): Promise<OpenStore> {
  const running = share && config.store.url === '' ? await runningEmbedded(config.embedded.data_dir) : null;
  const embedded = config.store.url === '' && running === null
    ? await startEmbedded({
      dataDir: config.embedded.data_dir, port: config.embedded.port, log: (sentence) => log.warn({}, sentence),
    })
    : null;
  const url = embedded?.url ?? running ?? config.store.url;
  const database = connect(config, { url, name: 'mdp', clientsMax: 4, timeoutMs: config.store.statement_timeout_ms });
  const readDatabase = connect(config, {
    url, name: 'mdp api', clientsMax: config.store.read_clients, timeoutMs: config.store.read_timeout_ms,
  });
  return {
    url, embedded, database, readDatabase,
    close: async () => {
      await Promise.all([database.close(), readDatabase.close()]);
      await embedded?.close();
    },
  };
}

function connect(
  config: Config, { url, name, clientsMax, timeoutMs }: { url: string; name: string; clientsMax: number; timeoutMs: number },
): Database {
  return new Database({
    url, applicationName: name, clientsMax, connectTimeoutMs: config.store.connect_timeout_ms,
    statementTimeoutMs: timeoutMs, idleInTransactionTimeoutMs: timeoutMs,
  });
}

const retryMsMin = 250;
const retryMsMax = 5_000;

/** Repeats `work` while the database does not answer; what waiting does not cure is thrown. */
export async function whenAvailable<T>(
  work: () => Promise<T>, waiting: { clock: Clock; signal: AbortSignal; onWait: (problem: string) => void },
): Promise<T> {
  for (let waitMs = retryMsMin; ; waitMs = Math.min(waitMs * 2, retryMsMax)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MdpError) || error.code !== 'store-unavailable' || waiting.signal.aborted) throw error;
      waiting.onWait(messageOf(error));
      await waiting.clock.wait(waitMs, waiting.signal);
    }
  }
}
