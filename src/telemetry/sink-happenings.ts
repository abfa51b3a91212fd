import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import type { DeadLetter, RowBatch } from '../model/rows.ts';
import type { SinkStatus } from '../model/status.ts';
import type { SpanRef } from '../model/trace.ts';
import type { Logger } from './logger.ts';
import type { MetricRegistry } from './registry.ts';
import { again } from './repeats.ts';
import type { Repeats } from './repeats.ts';
import { spanFields, type Spans } from './spans.ts';

/** What of a write is told; the runner of the sinks knows more. */
interface Committed {
  readonly sink: string;
  readonly lane: Lane;
  readonly rows: number;
  readonly openedAtMs: number;
  readonly madeBy?: readonly SpanRef[] | undefined;
}

interface Failed {
  readonly sink: string;
  /** Null where the sink could not even be opened. */
  readonly lane: Lane | null;
  readonly rows: number;
  readonly kind: string;
  readonly message: string;
  readonly seconds?: number;
  readonly madeBy?: readonly SpanRef[] | undefined;
}

export interface SinkHappeningsOptions {
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly repeats: Repeats;
  readonly spans: Spans;
}

/** What comes about in the sink pool; its counts are read from its status. */
export class SinkHappenings {
  readonly #options: SinkHappeningsOptions;
  /** By sink. */
  readonly #breakers = new Map<string, SinkStatus['breaker']>();

  constructor(options: SinkHappeningsOptions) {
    this.#options = options;
  }

  rowsTaken(batch: RowBatch): void {
    this.#options.spans.rowsTaken(batch);
  }

  committed(write: Committed, seconds: number): void {
    const { metrics, clock, spans } = this.#options;
    const { sink, openedAtMs } = write;
    spans.writeEnded({ ...write, seconds, failure: null });
    metrics.observe('mdp_sink_commit_seconds', { sink }, seconds);
    metrics.observe('mdp_sink_row_age_seconds', { sink }, Math.max(0, clock.nowMs() - openedAtMs) / 1000);
  }

  failedAttempt({ sink, lane, rows, kind, message, seconds = 0, madeBy }: Failed): void {
    const { logger, repeats, spans } = this.#options;
    if (lane !== null) spans.writeEnded({ sink, lane, rows, seconds, madeBy, failure: { kind, message } });
    const fields = { sink, lane: lane?.name ?? null, kind, rows, ...spanFields(madeBy?.[0]) };
    const what = lane === null ? `Opening ${sink}` : `A write of ${rows} rows to ${sink}`;
    repeats.happened(`write ${sink} ${kind}`,
      () => logger.warn(fields, `${what} failed (${kind}): ${message}`),
      (count) => logger.warn({ ...fields, count },
        `A write to ${sink} failed ${again(count)} (${kind}), last: ${message}`));
  }

  retried(_sink: string, _lane: Lane): void {
    // Counted; the failure before it was told.
  }

  /** Open and half-open follow each other while a sink is away: only the first and the end are told. */
  breakerChanged(sink: string, state: SinkStatus['breaker']): void {
    const { logger } = this.#options;
    const before = this.#breakers.get(sink) ?? 'closed';
    this.#breakers.set(sink, state);
    if (state === 'open' && before === 'closed') {
      logger.error({ sink, breaker: state }, `The circuit breaker opened: ${sink} does not take writes. It is probed; ` +
        'rows wait, sources are held back, and nothing is lost.');
    }
    if (state === 'closed' && before !== 'closed') {
      logger.info({ sink, breaker: state }, `The circuit breaker closed: ${sink} takes writes again.`);
    }
  }

  setAside(lane: Lane, { reason, message, place }: DeadLetter, madeBy?: readonly SpanRef[]): void {
    const { logger, repeats } = this.#options;
    const fields = { lane: lane.name, reason, place, ...spanFields(madeBy?.[0]) };
    repeats.happened(`set aside ${lane.name} ${reason}`,
      () => logger.warn(fields,
        `A row was refused by the database and set aside in dead_letters (${place}): ${message}`),
      (count) => logger.warn({ ...fields, count },
        `A row of ${lane.name} was set aside ${again(count)}, last: ${message}`));
  }

  laneLost(lane: Lane): void {
    this.#options.logger.error({ lane: lane.name, generation: lane.generation },
      `The lane ${lane.name} was taken over by another process: its rows here are given up, and that process ` +
      'writes them.');
  }

  rowsDropped(lane: Lane, rows: number, reason: string): void {
    const { logger, repeats } = this.#options;
    const fields = { lane: lane.name, rows, reason };
    repeats.happened(`rows dropped ${lane.name} ${reason}`,
      () => logger.error(fields, `${rows} rows of ${lane.name} were given up (${reason}).`),
      (count) => logger.error({ ...fields, count }, `Rows of ${lane.name} were given up ${again(count)} (${reason}).`));
  }
}
