import { messageOf, type MdpError } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { isOwnLoss, type Gap } from '../model/gap.ts';
import type { Lane } from '../model/lane.ts';
import type { DeadLetter } from '../model/rows.ts';
import type { StoreStatus } from '../model/status.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { SpanRef } from '../model/trace.ts';
import type { Logger } from './logger.ts';
import type { MetricRegistry } from './registry.ts';
import { Repeats, again } from './repeats.ts';
import { ServerHappenings } from './server-happenings.ts';
import { SinkHappenings } from './sink-happenings.ts';
import { noSpans, spanFields, type Spans } from './spans.ts';

interface CheckpointFacts {
  readonly position: number;
  readonly bytes: number;
  readonly seconds: number;
}

interface LaneBegun {
  readonly position: number;
  /** With the state of a checkpoint. */
  readonly isRestored: boolean;
}

const summaryEveryMs = 30_000;

export interface HappeningsOptions {
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  readonly clock: Clock;
  /** Makes spans; nobody unless given. */
  readonly spans?: Spans;
}

/**
 * One happening, one function: what is to be logged, observed and traced when it has come about stands here and nowhere
 * else. The runners call these per batch, never per tick, and know neither a logger nor a metric nor a span; what they
 * count themselves is read from their status.
 */
export class Happenings {
  readonly sink: SinkHappenings;
  readonly server: ServerHappenings;
  readonly #logger: Logger;
  readonly #metrics: MetricRegistry;
  readonly #clock: Clock;
  readonly #spans: Spans;
  readonly #repeats = new Repeats();
  /** Of the batch that is being folded: that is done in one go. */
  #folding: SpanRef | null = null;

  constructor({ logger, metrics, clock, spans = noSpans }: HappeningsOptions) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#spans = spans;
    this.sink = new SinkHappenings({ logger, metrics, clock, spans, repeats: this.#repeats });
    this.server = new ServerHappenings({ logger, metrics, repeats: this.#repeats });
  }

  /** Says every 30 s what has been repeated, and a last time when `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.wait(summaryEveryMs, signal);
      this.#repeats.flush();
    }
  }

  // The program.

  started(fields: { readonly version: string; readonly node: string; readonly configDigest: string }): void {
    this.#logger.info(fields, `mdp ${fields.version} started.`);
  }

  /** The event loop turned so late. */
  loopLagged(seconds: number): void {
    this.#metrics.observe('mdp_event_loop_lag_seconds', {}, seconds);
  }

  tracingTrouble(problem: string): void {
    this.#repeats.happened('tracing',
      () => this.#logger.warn({ problem }, `Traces are not complete; nothing else waits for them: ${problem}`),
      (count) => this.#logger.warn({ problem, count }, `Traces were not complete ${again(count)}, last: ${problem}`));
  }

  /** What opens the database tells what it is and what is off there; this keeps it as fields. */
  storeFound(store: StoreStatus): void {
    this.#logger.debug({ store }, `The database was found: ${store.serverVersion}.`);
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

  /** Counted in the source's status; a line a batch would be a line a millisecond. */
  batchRead(_source: string, batch: TickBatch): void {
    this.#spans.batchRead(batch);
  }

  sourceEnded(source: string, ticks: number): void {
    this.#logger.info({ source, ticks }, `The source ${source} ended after ${ticks} records.`);
  }

  sourceDisconnected(source: string, problem: string, retryInMs: number): void {
    this.#repeats.happened(`disconnected ${source}`,
      () => this.#logger.warn({ source, problem, retryInMs },
        `The source ${source} was lost and is tried again in ${retryInMs} ms: ${problem}`),
      (count) => this.#logger.warn({ source, problem, count },
        `The source ${source} was lost ${again(count)}, last: ${problem}`));
  }

  /** Something outside does not answer, and is asked again; `message` names it. */
  trouble(message: string): void {
    this.#repeats.happened(`trouble ${message}`,
      () => this.#logger.warn({}, message),
      (count) => this.#logger.warn({ count }, `${message} This happened ${again(count)}.`));
  }

  /** What is looked up every few seconds could not be, and the next look tries again. `what`: a sentence. */
  lookFailed(what: string, error: unknown): void {
    this.#repeats.happened(`look ${what}`,
      () => this.#logger.warn({ error }, `${what} ${messageOf(error)}`),
      (count) => this.#logger.warn({ count }, `${what} This happened ${again(count)}, last: ${messageOf(error)}`));
  }

  /** An attempt to call the webhook that did not come to `delivered`. */
  alertNotTold(outcome: string, { rule, problem }: { readonly rule: string; readonly problem: string }): void {
    this.#repeats.happened(`webhook ${outcome}`,
      () => this.#logger.warn({ outcome, rule, problem }, `The webhook was not told of an alert (${outcome}): ${problem}`),
      (count) => this.#logger.warn({ outcome, rule, problem, count },
        `The webhook was not told of an alert ${again(count)} (${outcome}), last: ${problem}`));
  }

  sourceFailed(source: string, error: MdpError): void {
    this.#logger.error({ source, code: error.code, error }, `The source ${source} failed for good: ${error.message}`);
  }

  // Lanes.

  laneTaken({ name, generation }: Lane, begun: LaneBegun): void {
    this.#logger.info({ lane: name, generation, ...begun }, `The lane ${name} ${howBegun(begun)}.`);
  }

  batchTaken(_lane: Lane, batch: TickBatch): SpanRef | null {
    return this.#folding = this.#spans.batchTaken(batch);
  }

  /** Counted in the lane's status. */
  batchFolded(_lane: Lane, batch: TickBatch): void {
    this.#spans.batchFolded(batch);
    this.#folding = null;
  }

  /** A record of the log that no tick could be read from, or a tick that cannot be used. */
  recordRejected(lane: Lane, { reason, message, place }: DeadLetter): void {
    const fields = { source: lane.source, lane: lane.name, reason, place, ...spanFields(this.#folding) };
    this.#repeats.happened(`rejected ${lane.name} ${reason}`,
      () => this.#logger.warn(fields, `A record was rejected as ${reason} at ${place}: ${message} It is kept in ` +
        'dead_letters; more of this kind are counted and summed up every 30 s.'),
      (count) => this.#logger.warn({ ...fields, count },
        `A record of ${lane.name} was rejected as ${reason} ${again(count)}, last at ${place}.`));
  }

  gapRecorded(gap: Gap): void {
    const { lane, reason, fromMs, untilMs, ticksLost } = gap;
    const level = isOwnLoss(reason) ? 'warn' : 'info';
    const fields = { lane: lane.name, reason, fromMs, untilMs, ticksLost };
    this.#repeats.happened(`gap ${lane.name} ${reason}`,
      () => this.#logger[level](fields,
        `A gap of ${Math.round(untilMs - fromMs)} ms was recorded on ${lane.name} (${reason}); its bars say so.`),
      (count) => this.#logger[level]({ ...fields, count },
        `A gap was recorded on ${lane.name} ${again(count)} (${reason}).`));
  }

  openBarsDropped(lane: Lane, why: string): void {
    this.#logger.warn({ lane: lane.name, why }, `The bars of ${lane.name} that were open are not gone on with: ${why} Its ` +
      'log cannot be read again, so it begins anew; the first bar of each spec is not whole.');
  }

  ticksDropped(lane: Lane, ticks: number, reason: string): void {
    this.#repeats.happened(`dropped ${lane.name} ${reason}`,
      () => this.#logger.warn({ lane: lane.name, reason, ticks },
        `${ticks} ticks of ${lane.name} were dropped (${reason}): ${whyDropped(reason)}.`),
      (count) => this.#logger.warn({ lane: lane.name, reason, count },
        `A batch of ${lane.name} was dropped ${again(count)} (${reason}).`));
  }

  logEnded(lane: Lane, position: number): void {
    this.#logger.info({ lane: lane.name, position }, `The log of ${lane.name} ended at position ${position}.`);
  }

  checkpointWritten(lane: Lane, { position, bytes, seconds }: CheckpointFacts): void {
    this.#logger.debug({ lane: lane.name, position, bytes, seconds }, `A checkpoint of ${lane.name} was written.`);
  }

  checkpointFailed(lane: Lane, problem: string): void {
    this.#repeats.happened(`checkpoint ${lane.name}`,
      () => this.#logger.warn({ lane: lane.name, problem },
        `A checkpoint of ${lane.name} could not be written: ${problem} A restart would go on from the one before it.`),
      (count) => this.#logger.warn({ lane: lane.name, problem, count },
        `A checkpoint of ${lane.name} could not be written ${again(count)}, last: ${problem}`));
  }

  checkpointRefused(lane: Lane, outcome: 'overtaken' | 'lost'): void {
    const { name, generation } = lane;
    const words = outcome === 'lost' ? 'has a newer generation elsewhere' : 'is further on elsewhere and goes on from there';
    this.#logger.warn({ lane: name, generation, outcome }, `The lane ${name} ${words}: another process works on it.`);
  }
}

function howBegun({ position, isRestored }: LaneBegun): string {
  if (isRestored) return `is taken up at position ${position}, where its last checkpoint stands`;
  if (position === 0) return 'is taken up at the beginning of its log';
  return `is taken up at position ${position}, without what was open there`;
}

/** In words, why ticks were given up; `reason` is stage and cause: `op-queue/oldest`, `held/overtaken`. */
function whyDropped(reason: string): string {
  switch (reason.slice(reason.indexOf('/') + 1)) {
    case 'oldest': case 'newest': return 'the operators are slower than the feed, and its source cannot wait';
    case 'overtaken': return 'another process is further on with this lane, and reading goes on from its checkpoint';
    case 'lane-lost': return 'another process has taken this lane up, and its rows count from now on';
    case 'forced-end': return 'the end was forced before they were folded';
    default: return 'they could not be folded';
  }
}
