import { flushCompileCache } from 'node:module';
import type { Config, LoadedConfig } from '../config.ts';
import { loadConfig } from '../config.ts';
import { exitCode, MdpError } from '../errors.ts';
import { armFaults } from '../fail-points.ts';
import { Shutdown, systemClock } from '../lifecycle.ts';
import type { Outcome } from '../pipeline.ts';
import { openWay } from '../postgres.ts';
import { openServer, type OpenServer } from '../server/server.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { tellBegun } from './audited.ts';
import { buildPipeline } from './build-pipeline.ts';
import { Housekeeping } from './housekeeping.ts';
import { LastWords } from './last-words.ts';
import { openSpans } from './open-spans.ts';
import { openStore, whenAvailable, type OpenStore } from './store.ts';
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
  const stopped = new AbortController();
  let server: OpenServer | null = null;
  try {
    const built = buildPipeline({ loaded, log, store, clock: systemClock, version, wishes: options, spans });
    const { pipeline, happenings, serverContext, storeFound, alerts, dayCloses } = built;
    lastWords.tellOf(pipeline, serverContext.configDigest);
    happenings.started({ version, node: process.version, configDigest: serverContext.configDigest });
    warnOfOpenWay(config, log);
    spans.start((problem) => happenings.tracingTrouble(problem));
    shutdown.drain.addEventListener('abort', () => happenings.drainStarted(shutdown.reason), { once: true });
    void happenings.run(stopped.signal);
    void store.embedded?.exited.then((death) => { if (death !== null) pipeline.fail(death); });
    server = await openServer({ ...serverContext, pipeline: lastWords.beside(serverContext.pipeline) });
    const onWait = (problem: string): void => happenings.trouble(`Waits for the database. ${problem}`);
    const found = await whenAvailable(
      () => prepareStore(store, config, log), { clock: systemClock, signal: shutdown.drain, onWait });
    storeFound(found);
    const parts = { pipeline, database: store.database, server: found, config, clock: systemClock, log, happenings };
    void new Housekeeping(parts).run(stopped.signal);
    await whenAvailable(() => alerts.look(shutdown.drain), { clock: systemClock, signal: shutdown.drain, onWait });
    void alerts.run(stopped.signal);
    void dayCloses.run(stopped.signal);
    started.begun = true;
    announce({ config, log, server, store });
    flushCompileCache(); // Where Node keeps one: the next start need not strip types again.
    void showProgress(pipeline, { clock: systemClock, stream: process.stderr, until: stopped.signal });
    const outcome = await pipeline.run(shutdown, options);
    await alerts.close();
    happenings.ended(outcome);
    return outcome;
  } finally {
    stopped.abort();
    await Promise.all([spans.close(), server?.close()]);
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
