import type { InstrumentTable } from '../../src/model/instruments.ts';
import type { LaneStart, Resume } from '../../src/model/lane.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import type { Source } from '../../src/sources/source.ts';
import type { LogTick, OracleSettings } from '../oracle/log.ts';
import { SeededRandom } from './faults/random.ts';
import { itemsOf } from './program-fold.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface GrowingFeedOptions {
  readonly pausable: boolean;
  readonly settings: OracleSettings;
  readonly ticksPerSecond: number;
  readonly symbols: number;
  /** So often what came is handed on, ms. */
  readonly everyMs: number;
  /** Of so many times it says nothing in the second half; the last time it has all that to say, a batch for each tick. */
  readonly burstEvery: number;
}

/** Ticks that one batch holds at most. */
const batchTicksMax = 1_000;

/**
 * A log that grows while time passes, whether it is read or not: tick n is the same for everybody who asks. Of a pausable
 * source what was not read waits; a connection that cannot be paused hands on what comes, and hands nothing on twice.
 */
export class GrowingFeed implements Source {
  readonly name = 'feed';
  readonly pausable: boolean;
  /** How its lane was granted, each time. */
  readonly starts: LaneStart[] = [];
  readonly #options: GrowingFeedOptions;
  readonly #clock: VirtualClock;
  readonly #instruments: InstrumentTable;
  readonly #startMs: number;
  #untilMs = Infinity;

  constructor(options: GrowingFeedOptions, clock: VirtualClock, instruments: InstrumentTable) {
    this.pausable = options.pausable;
    this.#options = options;
    this.#clock = clock;
    this.#instruments = instruments;
    this.#startMs = clock.nowMs();
  }

  /** Nothing more comes. */
  stop(): void {
    this.#untilMs = Math.min(this.#untilMs, this.#clock.nowMs());
  }

  /** Ticks that have come so far. */
  get length(): number {
    const sinceMs = Math.min(this.#clock.nowMs(), this.#untilMs) - this.#startMs;
    return Math.floor((sinceMs * this.#options.ticksPerSecond) / 1_000);
  }

  tickAt(position: number): LogTick {
    const random = new SeededRandom(position);
    const cameAtMs = this.#startMs + (position * 1_000) / this.#options.ticksPerSecond;
    return {
      kind: 'tick', position, venue: 'alpha', symbol: `S${random.between(1, this.#options.symbols)}`,
      price: random.between(9_000, 11_000) / 100, size: random.between(1, 900) / 100,
      side: random.pick(['buy', 'sell', 'unknown']), eventTimeMs: Math.floor(cameAtMs) - random.between(0, 400),
      tradeId: null, logTimeMs: null, receivedTimeMs: cameAtMs, offMarket: false,
    };
  }

  /** All that has come. */
  get log(): readonly LogTick[] {
    return Array.from({ length: this.length }, (_, position) => this.tickAt(position));
  }

  async *read(resume: Resume, drain: AbortSignal): AsyncGenerator<TickBatch> {
    const start = await resume.take({ logIdentity: 'feed', repeatable: this.pausable });
    this.starts.push(start);
    let next = start.position;
    for (let time = 1; !drain.aborted; time++) {
      const turn = time % this.#options.burstEvery;
      const ticksMax = turn === 0 ? 1 : batchTicksMax;
      const until = turn > this.#options.burstEvery / 2 ? next : this.length;
      while (next < until && !drain.aborted) {
        const end = Math.min(until, next + ticksMax);
        const atLogEnd = end === this.length;
        yield { ...this.#batch(next, end), lane: start.lane, receivedTimeMs: this.#clock.nowMs(), atLogEnd };
        next = end;
      }
      await this.#clock.wait(this.#options.everyMs, drain);
    }
  }

  #batch(from: number, until: number): TickBatch {
    const log = Array.from({ length: until - from }, (_, index) => this.tickAt(from + index));
    const [batch] = itemsOf({ log, cuts: [log.length], settings: this.#options.settings }, this.#instruments);
    return batch as TickBatch;
  }
}
