import type { MdpError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { isOwnLoss, type Gap } from '../model/gap.ts';
import type { Lane } from '../model/lane.ts';
import type { StoreStatus } from '../model/status.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { Logger } from './logger.ts';
import type { MetricRegistry } from './registry.ts';
import { Repeats } from './repeats.ts';

const summaryEveryMs = 30_000;

/** What was wrong with a record, for people. */
export interface Rejected {
  readonly reason: string;
  readonly message: string;
  readonly place: string;
}

/**
 * One happening, one function: what is to be logged and observed when it has come about stands here and nowhere else. The
 * runners call these per batch, never per tick, and know neither a logger nor a metric; what they count themselves is
 * read from their status.
 */
export class Happenings {
  readonly #logger: Logger;
  readonly #metrics: MetricRegistry;
  readonly #repeats = new Repeats();

  constructor(logger: Logger, metrics: MetricRegistry) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** Says every 30 s what has been repeated, and a last time when `signal` fires. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.wait(summaryEveryMs, signal);
      this.#repeats.flush();
    }
  }

  // The program.

  started(fields: { readonly version: string; readonly node: string; readonly configDigest: string }): void {
    this.#logger.info(fields, `mdp ${fields.version} started.`);
  }

  tracingAskedFor(): void {
    this.#logger.warn({}, 'telemetry.enable_tracing is set, but this version makes no traces; nothing else changes.');
  }

  storeFound(store: StoreStatus): void {
    const { kind, serverVersion, hypertable, compression, retention } = store;
    const on = (has: boolean): string => (has ? 'on' : 'off');
    this.#logger.info({ store }, `The database is ${kind} ${serverVersion}: hypertables ${on(hypertable)}, compression ` +
      `${on(compression)}, retention ${on(retention)}.`);
    if (!store.embedded) return;
    this.#logger.warn({}, 'The embedded TimescaleDB is in use because DATABASE_URL is not set. It is for trying and for ' +
      'tests, not for production.');
  }

  drainStarted(reason: string): void {
    this.#logger.info({ reason }, `Shutdown began (${reason}): sources stop, what was read is written.`);
  }

  ended(outcome: { readonly ticksLost: number; readonly rowsLost: number }): void {
    const { ticksLost, rowsLost } = outcome;
    if (ticksLost + rowsLost === 0) this.#logger.info({}, 'Everything that was read is committed.');
    else this.#logger.error(outcome, `The end was forced: ${ticksLost} ticks and ${rowsLost} rows were given up.`);
  }

  // Sources.

  sourceStarted(source: string): void {
    this.#logger.info({ source }, `The source ${source} started.`);
  }

  batchRead(source: string, batch: TickBatch): void {
    for (const reject of batch.rejects) this.recordRejected(source, reject);
  }

  /** Also for what admission rejects: its records carry no place. */
  recordRejected(source: string, { reason, message, place }: Rejected): void {
    this.#repeats.happened(`rejected ${source} ${reason}`,
      () => this.#logger.warn({ source, reason, place }, `A record was rejected as ${reason} at ${place}: ${message} It is ` +
        'kept in dead_letters; more of this kind are counted and summed up every 30 s.'),
      (count) => this.#logger.warn({ source, reason, place, count },
        `${records(count)} of ${source} rejected as ${reason}, the last at ${place}.`));
  }

  sourceEnded(source: string, ticks: number): void {
    this.#logger.info({ source, ticks }, `The source ${source} ended after ${ticks} records.`);
  }

  sourceDisconnected(source: string, problem: string, retryInMs: number): void {
    this.#repeats.happened(`disconnected ${source}`,
      () => this.#logger.warn({ source, problem, retryInMs },
        `The source ${source} was lost and is tried again in ${retryInMs} ms: ${problem}`),
      (count) => this.#logger.warn({ source, problem, count },
        `The source ${source} was lost ${count} more times, last: ${problem}`));
  }

  sourceFailed(source: string, error: MdpError): void {
    this.#logger.error({ source, code: error.code, error }, `The source ${source} failed for good: ${error.message}`);
  }

  // Lanes.

  batchFolded(_lane: Lane, _batch: TickBatch): void {
    // Counted in the lane's status; a line a batch would be a line a millisecond.
  }

  gapRecorded(gap: Gap): void {
    const { lane, reason, fromMs, untilMs, ticksLost } = gap;
    const write = isOwnLoss(reason) ? this.#logger.warn : this.#logger.info;
    const fields = { lane: lane.name, reason, fromMs, untilMs, ticksLost };
    this.#repeats.happened(`gap ${lane.name} ${reason}`,
      () => write.call(this.#logger, fields,
        `A gap of ${Math.round(untilMs - fromMs)} ms was recorded on ${lane.name} (${reason}); bars that it touches say so.`),
      (count) => write.call(this.#logger, { ...fields, count },
        `${count} more gaps were recorded on ${lane.name} (${reason}).`));
  }

  ticksDropped(lane: Lane, ticks: number, reason: string): void {
    this.#repeats.happened(`dropped ${lane.name} ${reason}`,
      () => this.#logger.warn({ lane: lane.name, reason, ticks },
        `${ticks} ticks of ${lane.name} were dropped (${reason}): the operators are slower than the feed.`),
      (count) => this.#logger.warn({ lane: lane.name, reason, count },
        `${count} more batches of ${lane.name} were dropped (${reason}).`));
  }

  logEnded(lane: Lane, position: number): void {
    this.#logger.info({ lane: lane.name, position }, `The log of ${lane.name} ended at position ${position}.`);
  }

  // The server.

  listening(urls: readonly string[]): void {
    this.#logger.info({ urls }, `Health, metrics and queries are served at ${urls.join(' and ')}.`);
  }

  requestAnswered({ method, route, status, seconds }: {
    readonly method: string; readonly route: string; readonly status: number; readonly seconds: number;
  }): void {
    this.#metrics.observe('mdp_http_request_seconds', { method, route, status: String(status) }, seconds);
  }

  requestFailed(route: string, error: unknown): void {
    this.#repeats.happened(`request ${route}`,
      () => this.#logger.error({ route, error }, `A request for ${route} could not be answered.`),
      (count) => this.#logger.error({ route, error, count }, `${count} more requests for ${route} could not be answered.`));
  }
}

function records(count: number): string {
  return count === 1 ? 'One more record was' : `${count} more records were`;
}
