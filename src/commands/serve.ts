import { loadConfig, type Config, type LoadedConfig } from '../config.ts';
import { runningEmbedded } from '../embedded/launcher.ts';
import { MdpError } from '../errors.ts';
import { armFaults } from '../fail-points.ts';
import { Shutdown, systemClock } from '../lifecycle.ts';
import type { StoreStatus } from '../model/status.ts';
import type { OpenServer } from '../server/server.ts';
import { lookAtServer } from '../store/detect-server.ts';
import { requireSchema } from '../store/migrate.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { Daemon } from './daemon.ts';
import { LastWords } from './last-words.ts';
import { canBeReadBeside } from './look-at-lanes.ts';
import { exitCodeOf } from './run.ts';
import { listenForSignals } from './stop-signals.ts';
import { openStore, type OpenStore } from './store.ts';
import { version } from './version.ts';

export interface ServeOptions {
  readonly file: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
}

/**
 * `mdp serve`: what `mdp run` shows, in a process of its own beside it. It reads the checkpoints and the same logs, folds
 * them for whoever looks, and writes nothing: no row, no checkpoint, no generation, no offset. Sets the exit code; throws an
 * MdpError when it cannot start.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  armFaults(config.faults);
  const log = createLogger({ settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets });
  const shutdown = new Shutdown(config.shutdown, systemClock);
  const stopListening = listenForSignals(shutdown, log);
  const lastWords = new LastWords({ loaded, log, clock: systemClock, version });
  try {
    await refuseToBeFirst(config);
    await serveBeside({ loaded, log, shutdown, lastWords });
  } catch (error) {
    if (!shutdown.drain.aborted || !(error instanceof MdpError)) throw lastWords.endOf(error);
    log.info({ problem: error.message }, 'Stopped before anything was shown.');
  } finally {
    shutdown.finish();
    stopListening();
    await lastWords.close();
  }
}

interface Serving {
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  readonly shutdown: Shutdown;
  readonly lastWords: LastWords;
}

async function serveBeside({ loaded, log, shutdown, lastWords }: Serving): Promise<void> {
  const { config } = loaded;
  const store = await openStore(config, log, true);
  const { drain } = shutdown;
  let daemon: Daemon | null = null;
  try {
    daemon = new Daemon({ loaded, log, store, lastWords, wishes: noWishes, looksOn: { drain }, drain });
    const server = await daemon.listen();
    await daemon.meetStore(() => lookAtStore(store, config));
    daemon.watchStore();
    tellWhatIsShown(config, log, server);
    process.exitCode = exitCodeOf(await daemon.built.pipeline.run(shutdown, { untilEnd: false }), shutdown);
  } finally {
    await daemon?.close();
    await store.close();
  }
}

const noWishes = { rebuild: [], fromNow: [] };

/** An embedded database belongs to who starts it, and would end with us. */
async function refuseToBeFirst({ store, embedded }: Config): Promise<void> {
  if (store.url !== '' || (await runningEmbedded(embedded.data_dir)) !== null) return;
  throw new MdpError('store-unavailable', 'There is nothing to look at: no embedded database runs in ' +
    `${embedded.data_dir}, and store.url is empty. Start \`mdp run\` first, or set DATABASE_URL to the database that it ` +
    'writes to.');
}

async function lookAtStore(store: OpenStore, config: Config): Promise<StoreStatus> {
  const limit = { deadlineMs: config.store.statement_timeout_ms };
  const schemaVersion = await requireSchema(store.database, limit);
  const { server } = await lookAtServer(store.database, limit);
  return { ...server, embedded: config.store.url === '', schemaVersion };
}

function tellWhatIsShown(config: Config, log: Logger, { url }: OpenServer): void {
  for (const { name } of config.sources.filter((source) => !canBeReadBeside(source))) {
    log.info({ source: name }, `The log of source ${name} cannot be read a second time: only its stored bars are shown.`);
  }
  log.info({ health: `${url}/health`, docs: `${url}/docs` },
    `The pipeline ${config.name} is shown as it is; nothing is written.`);
}
