import { sourcePart } from '../../../src/commands/build-pipeline.ts';
import type { Gap } from '../../../src/model/gap.ts';
import type { InstrumentTable } from '../../../src/model/instruments.ts';
import type { LaneStart, Resume } from '../../../src/model/lane.ts';
import type { TickBatch } from '../../../src/model/tick-batch.ts';
import type { LogTick, OracleSettings } from '../../oracle/log.ts';
import type { Feed } from '../feeds.ts';
import { itemsOf } from '../program-fold.ts';

const batchTicksMax = 10;

/**
 * A log that others append to and that can be read again, as a partition of a broker: whoever has read to its end waits for
 * more, and knows that it is at the end.
 */
export class TailLog {
  readonly feed: Feed;
  readonly #ticks: LogTick[] = [];
  readonly #settings: OracleSettings;
  #firstPosition = 0;
  #grown = Promise.withResolvers<void>();

  constructor(settings: OracleSettings, name = 'tail') {
    this.#settings = { ...settings, complete: false };
    this.feed = {
      entry: {
        name, type: 'synthetic', speed: 'max', ids: settings.ids, zero_size: settings.zeroSize,
        nonpositive_price: settings.nonPositivePrice,
      },
      settings: this.#settings, log: () => Promise.resolve(this.#ticks),
    };
  }

  get ticks(): readonly LogTick[] {
    return this.#ticks;
  }

  get length(): number {
    return this.#ticks.length;
  }

  append(ticks: readonly Omit<LogTick, 'position' | 'tradeId'>[]): void {
    for (const tick of ticks) this.#ticks.push({ ...tick, position: this.length, tradeId: this.length });
    const { resolve } = this.#grown;
    this.#grown = Promise.withResolvers();
    resolve();
  }

  /** What comes before is there no more for whoever begins to read from now on. */
  deleteBefore(position: number): void {
    this.#firstPosition = position;
  }

  /** For the wish of a run. */
  readonly partOf: typeof sourcePart = (entry, instruments, outside) => ({
    ...sourcePart(entry, instruments, outside),
    source: {
      name: entry.name, pausable: true,
      read: (resume, drain) => this.#read({ resume, instruments, clock: () => outside.clock.nowMs() }, drain),
    },
  });

  async *#read({ resume, instruments, clock }: Reader, drain: AbortSignal): AsyncGenerator<TickBatch | Gap> {
    const firstPosition = this.#firstPosition;
    const start = await resume.take({ logIdentity: 'a tail', repeatable: true, firstPosition });
    const { lane, position } = start;
    if (position < firstPosition) yield* this.#lost(start, firstPosition, instruments);
    const drained = new Promise<void>((resolve) => { drain.addEventListener('abort', () => resolve(), { once: true }); });
    for (let next = Math.max(position, firstPosition); !drain.aborted;) {
      const log = this.#ticks.slice(next, next + batchTicksMax);
      for (const item of itemsOf({ log, settings: this.#settings, cuts: [batchTicksMax] }, instruments)) {
        if (item.kind !== 'ticks') continue;
        next = item.nextPosition;
        yield { ...item, lane, receivedTimeMs: clock(), atLogEnd: next === this.length };
      }
      if (next === this.length) await Promise.race([this.#grown.promise, drained]);
    }
  }

  /** Of each venue, from its watermark until the first tick that is left. */
  #lost({ lane, knownUntilMs, position }: LaneStart, first: number, instruments: InstrumentTable): Gap[] {
    const untilMs = Math.min(...this.#ticks.slice(first, first + batchTicksMax).map((tick) => tick.eventTimeMs));
    return [...knownUntilMs ?? []].map(([venue, fromMs]) => ({
      kind: 'gap', lane, position: first - 1, instruments: 'all', venue: instruments.venueIndex(venue), fromMs, untilMs,
      reason: 'deleted-records', ticksLost: first - position,
    }));
  }
}

interface Reader {
  readonly resume: Resume;
  readonly instruments: InstrumentTable;
  readonly clock: () => number;
}
