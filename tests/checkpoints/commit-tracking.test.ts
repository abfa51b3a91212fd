import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LaneCheckpoints } from '../../src/checkpoints/lane-checkpoints.ts';
import { MdpError } from '../../src/errors.ts';
import type { CheckpointMarker } from '../../src/model/checkpoint.ts';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import { rowCount, type RowBatch } from '../../src/model/rows.ts';
import { SinkError, type Sink, type SinkFailure, type WriteResult } from '../../src/sinks/sink.ts';
import { barsOf, laneOf } from '../support/batches.ts';
import { SeededRandom } from '../support/faults/random.ts';
import { PoolRig } from '../support/sink-pool.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/*
 * Rows and checkpoint markers of one lane through parallel workers, which merge batches, bisect them around bad rows, split
 * what is too large, try again what may or may not be stored, and answer in any order. The model is one sentence: a
 * checkpoint is written when every row that came before it is stored or set aside, each in its turn, and not otherwise; one
 * whose rows were given up is not, nor any behind it.
 */

const lane = laneOf();
const shards = 3;

const steps = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({
    act: fc.constant('rows' as const), shard: fc.nat(shards - 1), n: fc.integer({ min: 1, max: 9 }),
  }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('checkpoint' as const), shard: fc.constant(0), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('loss' as const), shard: fc.nat(shards - 1), n: fc.constant(0) }) },
  { weight: 6, arbitrary: fc.record({
    act: fc.constant('time' as const), shard: fc.constant(0), n: fc.constantFrom(0, 1, 20, 300, 5_000),
  }) },
), { maxLength: 60, size: 'max' });

/** What was seen in all runs: a test in which nothing ever goes wrong shows nothing. */
const happened = { setAside: 0, retries: 0, split: 0, storeAway: 0, written: 0, givenUp: 0, lost: 0 };

class Play {
  readonly clock = new VirtualClock(0);
  readonly stored = new Set<number>();
  readonly letters = new Set<number>();
  /** Position of each row that was put, and of each checkpoint that was taken. */
  readonly rows: number[] = [];
  readonly taken: number[] = [];
  readonly written: number[] = [];
  /** The first of `taken` that rows before it are lost of. */
  lostFrom = Infinity;
  readonly checkpoints: LaneCheckpoints;
  readonly rig: PoolRig;
  readonly #markers: (readonly CheckpointMarker[])[] = [];
  readonly #passed = new Set<CheckpointMarker>();
  readonly #luck: () => number;
  readonly #misfortune: number;

  constructor(seed: number, misfortune: number) {
    const random = new SeededRandom(seed);
    this.#luck = () => random.next();
    this.#misfortune = misfortune;
    this.rig = new PoolRig({
      sinks: [this.#sink()], clock: this.clock, workers: shards, random: this.#luck, batchBytesMax: 1_000,
    });
    const nothing = (): void => {};
    this.checkpoints = new LaneCheckpoints({
      lane, shards, intervalMs: 1_000, clock: this.clock, onOutcome: nothing, onIdle: nothing,
      encode: async (_, { admission }) => {
        await this.#dawdle();
        return Buffer.from(String(admission));
      },
      write: async ({ position, state }) => {
        await this.#dawdle();
        if (this.#luck() < this.#misfortune) {
          happened.storeAway++;
          throw new MdpError('store-unavailable', 'away');
        }
        expect(Number(Buffer.from(state).toString())).toBe(position);
        this.#look(position);
        this.written.push(position);
        happened.written++;
        return 'written';
      },
      events: { checkpointWritten: nothing, checkpointFailed: nothing, checkpointRefused: nothing },
    });
  }

  put(shard: number, count: number): void {
    const first = this.rows.length;
    const positions = Array.from({ length: count }, (_, index) => first + index);
    this.rows.push(...positions);
    const bars = barsOf(positions.map((position) => ({ openTimeMs: position * 60_000, position })));
    this.rig.put({ lane, shard, bars, indicators: new IndicatorColumns(0), lateTicks: [], gaps: [], alerts: [], deadLetters: [], openedAtMs: 0 });
  }

  take(): void {
    const position = this.rows.length;
    this.taken.push(position);
    const moment = {
      position, lastRecord: null, settledUntilMs: new Map(), passed: [], isEnded: false,
      state: { admission: position, operators: {} },
    };
    const markers = this.checkpoints.take(moment);
    this.#markers.push(markers);
    for (const marker of markers) {
      const pass = marker.pass.bind(marker);
      marker.pass = () => {
        this.#passed.add(marker);
        pass();
      };
    }
    for (const [shard, marker] of markers.entries()) this.rig.mark(marker, shard);
  }

  /** A forced end: the pool gives up what it holds, and the lane what is left in its queues. */
  async abort(): Promise<void> {
    this.rig.pool.abort();
    await this.clock.advance(0);
    for (const marker of this.#markers.flat()) marker.giveUp();
  }

  /** Rows of a shard are given up, and with them the newest marker, if it is on its way: all that come later lack them. */
  lose(shard: number): void {
    const marker = this.#markers.at(-1)?.[shard];
    if (marker === undefined || this.#passed.has(marker)) return;
    marker.giveUp();
    this.lostFrom = Math.min(this.lostFrom, this.#markers.length - 1);
    happened.lost++;
  }

  /** The model. */
  #look(position: number): void {
    const missing = this.rows.filter((row) => row < position && !this.stored.has(row) && !this.letters.has(row));
    expect(missing, `rows before the checkpoint at ${position} that are nowhere`).toEqual([]);
  }

  async #dawdle(): Promise<void> {
    if (this.#luck() < 0.5) await this.clock.wait(Math.floor(this.#luck() * 400));
  }

  #sink(): Sink {
    return { name: 'unlucky', open: async () => {}, close: async () => {}, write: (batch) => this.#write(batch) };
  }

  async #write(batch: RowBatch): Promise<WriteResult> {
    await this.#dawdle();
    const positions = [...batch.bars.position.subarray(0, batch.bars.length)];
    const luck = this.#luck() / this.#misfortune;
    if (luck < 0.4) return this.#fail({ kind: 'unavailable' });
    if (luck < 0.6 && rowCount(batch) > 2) return this.#fail({ kind: 'too-large' });
    const poisoned = positions.findIndex((position) => position % 11 === 7);
    if (poisoned !== -1) {
      return this.#fail(this.#luck() < 0.5 ? { kind: 'bad-row', rowIndex: poisoned } : { kind: 'bad-row' });
    }
    if (luck < 0.8) return this.#fail({ kind: 'unknown' });
    for (const position of positions) this.stored.add(position);
    for (const letter of batch.deadLetters) this.letters.add(letter.position);
    if (luck < 1) return this.#fail({ kind: 'unknown' });
    return { committed: rowCount(batch), outdated: 0, direct: 0, setAside: [], fellBack: false };
  }

  #fail(failure: SinkFailure): Promise<never> {
    if (failure.kind === 'bad-row') happened.setAside++;
    else if (failure.kind === 'too-large') happened.split++;
    else happened.retries++;
    return Promise.reject(new SinkError(failure, `planted ${failure.kind}`));
  }
}

const plans = fc.record({
  steps, seed: fc.integer(), misfortune: fc.constantFrom(0.05, 0.3), abortAt: fc.option(fc.nat(60), { freq: 3 }),
});

it('a checkpoint is written when all rows before it are stored or set aside, in its turn, and never before', async () => {
  await fc.assert(fc.asyncProperty(plans, async (plan) => {
    const play = new Play(plan.seed, plan.misfortune);
    const running = play.rig.pool.run();
    for (const { act, shard, n } of plan.steps.slice(0, plan.abortAt ?? Infinity)) {
      if (act === 'rows') play.put(shard, n);
      else if (act === 'checkpoint') play.take();
      else if (act === 'loss') play.lose(shard);
      else await play.clock.advance(n);
    }
    if (plan.abortAt !== null) await play.abort();
    play.rig.close();
    const done = running.then(() => play.checkpoints.settled()).then(() => 'done');
    for (let turn = 0; (await Promise.race([done, Promise.resolve('not yet')])) !== 'done'; turn++) {
      if (turn > 500) throw new Error('it does not end');
      await play.clock.advance(5_000);
    }
    happened.givenUp += play.taken.length - play.written.length;
    const expected = play.taken.slice(0, play.lostFrom);
    expect(play.written).toEqual(plan.abortAt === null ? expected : expected.slice(0, play.written.length));
  }), { numRuns: 500 });
  expect(Math.min(...Object.values(happened)), JSON.stringify(happened)).toBeGreaterThan(0);
}, 120_000);
