import { sourcePart } from '../../../src/commands/build-pipeline.ts';
import type { InstrumentTable } from '../../../src/model/instruments.ts';
import type { Resume } from '../../../src/model/lane.ts';
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

  get length(): number {
    return this.#ticks.length;
  }

  append(ticks: readonly Omit<LogTick, 'position' | 'tradeId'>[]): void {
    for (const tick of ticks) this.#ticks.push({ ...tick, position: this.length, tradeId: this.length });
    const { resolve } = this.#grown;
    this.#grown = Promise.withResolvers();
    resolve();
  }

  /** For the wish of a run. */
  readonly partOf: typeof sourcePart = (entry, instruments, outside) => ({
    ...sourcePart(entry, instruments, outside),
    source: {
      name: entry.name, pausable: true,
      read: (resume, drain) => this.#read({ resume, instruments, clock: () => outside.clock.nowMs() }, drain),
    },
  });

  async *#read({ resume, instruments, clock }: Reader, drain: AbortSignal): AsyncGenerator<TickBatch> {
    const { lane, position } = await resume.take({ logIdentity: 'a tail', repeatable: true });
    const drained = new Promise<void>((resolve) => { drain.addEventListener('abort', () => resolve(), { once: true }); });
    for (let next = position; !drain.aborted;) {
      const log = this.#ticks.slice(next, next + batchTicksMax);
      for (const item of itemsOf({ log, settings: this.#settings, cuts: [batchTicksMax] }, instruments)) {
        if (item.kind !== 'ticks') continue;
        next = item.nextPosition;
        yield { ...item, lane, receivedTimeMs: clock(), atLogEnd: next === this.length };
      }
      if (next === this.length) await Promise.race([this.#grown.promise, drained]);
    }
  }
}

interface Reader {
  readonly resume: Resume;
  readonly instruments: InstrumentTable;
  readonly clock: () => number;
}
