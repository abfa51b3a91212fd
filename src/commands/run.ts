import { flushCompileCache } from 'node:module';
import type { Config, LoadedConfig } from '../config.ts';
import { loadConfig } from '../config.ts';
import { exitCode, MdpError } from '../errors.ts';
import { armFaults } from '../fail-points.ts';
import { Shutdown, systemClock } from '../lifecycle.ts';
import type { Outcome } from '../pipeline.ts';
import { openWay } from '../postgres.ts';
import type { OpenServer } from '../server/server.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { tellBegun } from './audited.ts';
import { Daemon } from './daemon.ts';
import { Housekeeping } from './housekeeping.ts';
import { LastWords } from './last-words.ts';
import { openSpans } from './open-spans.ts';
import { openStore, type OpenStore } from './store.ts';
import { prepareStore } from './prepare-store.ts';
import { showProgress } from './progress.ts';
import { listenForSignals } from './stop-signals.ts';
import { version } from './version.ts';

export interface RunOptions {
  readonly file: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly untilEnd: boolean;
  readonly rebuild: readonly string[];
  readonly fromNow: readonly string[];
}

/**
 * `mdp run`: opens from right to left (database, server, sink, sources) and ends from left to right. Sets the exit code;
 * throws an MdpError when it cannot start.
 */
export async function run(options: RunOptions): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  armFaults(config.faults);
  const log = createLogger({
    settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets,
  });
  const { rebuild, fromNow } = options;
  if (rebuild.length + fromNow.length > 0) tellBegun(log, { command: 'run', rebuild, fromNow });
  const shutdown = new Shutdown(config.shutdown, systemClock);
  const stopListening = listenForSignals(shutdown, log);
  const lastWords = new LastWords({ loaded, log, clock: systemClock, version });
  const started: Started = { loaded, log, shutdown, lastWords, begun: false };
  try {
    const outcome = await runPipeline(started, options);
    process.exitCode = exitCodeOf(outcome, shutdown);
  } catch (error) {
    // Asked to stop before it had begun: a database that is not there is nobody's loss then.
    if (started.begun || !shutdown.drain.aborted || !(error instanceof MdpError)) throw lastWords.endOf(error);
    log.info({ problem: error.message }, 'Stopped before the first record was read.');
  } finally {
    shutdown.finish();
    stopListening();
    await lastWords.close();
  }
}

interface Started {
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  readonly shutdown: Shutdown;
  readonly lastWords: LastWords;
  /** The database is ready and sources may read. */
  begun: boolean;
}

async function runPipeline(started: Started, options: RunOptions): Promise<Outcome> {
  const { loaded, log, shutdown, lastWords } = started;
  const { config } = loaded;
  const spans = await openSpans(config, systemClock);
  const store = await openStore(config, log);
  let daemon: Daemon | null = null;
  try {
    daemon = new Daemon({ loaded, log, store, lastWords, wishes: options, spans, drain: shutdown.drain });
    const { pipeline, happenings, alerts } = daemon.built;
    warnOfOpenWay(config, log);
    spans.start((problem) => happenings.tracingTrouble(problem));
    shutdown.drain.addEventListener('abort', () => happenings.drainStarted(shutdown.reason), { once: true });
    void store.embedded?.exited.then((death) => { if (death !== null) pipeline.fail(death); });
    const server = await daemon.listen();
    const found = await daemon.meetStore(() => prepareStore(store, config, log));
    const parts = { pipeline, database: store.database, server: found, config, clock: systemClock, log, happenings };
    void new Housekeeping(parts).run(daemon.stopped);
    await daemon.whenAvailable(() => alerts.look(shutdown.drain));
    daemon.watchStore();
    started.begun = true;
    announce({ config, log, server, store });
    flushCompileCache(); // Where Node keeps one: the next start need not strip types again.
    void showProgress(pipeline, { clock: systemClock, stream: process.stderr, until: daemon.stopped });
    const outcome = await pipeline.run(shutdown, options);
    await alerts.close();
    happenings.ended(outcome);
    return outcome;
  } finally {
    await Promise.all([spans.close(), daemon?.close()]);
    await store.close();
  }
}

function warnOfOpenWay({ store: { url } }: Config, log: Logger): void {
  const way = url === '' ? null : openWay(url);
  if (way === null) return;
  log.warn({ way }, `The database is reached ${way}. Write sslmode=verify-full in store.url unless the network is ` +
    'yours alone.');
}

interface Ready {
  readonly config: Config;
  readonly log: Logger;
  readonly server: OpenServer;
  readonly store: OpenStore;
}

function announce({ config, log, server, store }: Ready): void {
  const data = store.embedded === null
    ? 'the database of store.url' : `${config.embedded.data_dir}/ (SQL: ./scripts/dev.sh psql)`;
  log.info({ health: `${server.url}/health`, metrics: server.metricsUrl, docs: `${server.url}/docs`, data },
    `The pipeline ${config.name} is ready.`);
}

export function exitCodeOf({ failures, ticksLost, rowsLost }: Outcome, shutdown: Shutdown): number {
  if (shutdown.force.aborted && ticksLost + rowsLost > 0) return exitCode.lost;
  return failures[0]?.exitCode ?? exitCode.ok;
}
