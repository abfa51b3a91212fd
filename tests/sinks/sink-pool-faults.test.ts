import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import type { Lane } from '../../src/model/lane.ts';
import { rowCount, type RowBatch } from '../../src/model/rows.ts';
import { SinkError, type Sink, type SinkFailure, type WriteResult } from '../../src/sinks/sink.ts';
import { barsOf, laneOf, type PlainBar } from '../support/batches.ts';
import { PoolRig } from '../support/sink-pool.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** A database in a few lines, with every misfortune that a sink may report. */
class UnluckySink implements Sink {
  readonly name = 'unlucky';
  /** Position of the stored row, by lane and key. */
  readonly stored = new Map<string, number>();
  /** Dead letters of rows, by lane and position. */
  readonly letters = new Set<string>();
  readonly #luck: () => number;
  readonly #plan: Plan;

  constructor(plan: Plan, luck: () => number) {
    this.#plan = plan;
    this.#luck = luck;
  }

  open(): Promise<void> {
    return this.#luck() < 0.3 ? fail({ kind: 'unavailable' }) : Promise.resolve();
  }

  async write(batch: RowBatch): Promise<WriteResult> {
    const luck = this.#luck();
    if (luck < 0.15) return fail({ kind: 'unavailable' });
    if (batch.lane.name === this.#plan.lostLane) return fail({ kind: 'lane-lost', lane: batch.lane });
    if (luck < 0.2 && rowCount(batch) > 3) return fail({ kind: 'too-large' });
    const poisoned = positions(batch).findIndex((position) => this.#plan.poison.has(position));
    if (poisoned !== -1) return fail(this.#luck() < 0.5 ? { kind: 'bad-row', rowIndex: poisoned } : { kind: 'bad-row' });
    if (luck < 0.25) return fail({ kind: 'unknown' });
    this.#store(batch);
    if (luck < 0.35) return fail({ kind: 'unknown' });
    return { committed: rowCount(batch), outdated: 0, direct: 0, setAside: [], fellBack: false };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #store(batch: RowBatch): void {
    for (const [row, position] of positions(batch).entries()) {
      const key = keyOf(batch.lane, batch.bars.instrument[row], batch.bars.openTimeMs[row]);
      this.stored.set(key, Math.max(position, this.stored.get(key) ?? 0));
    }
    for (const letter of batch.deadLetters) this.letters.add(`${batch.lane.name} ${letter.position}`);
  }
}

interface Plan {
  readonly batches: readonly { readonly lane: number; readonly shard: number; readonly rows: readonly number[] }[];
  readonly poison: ReadonlySet<number>;
  readonly lostLane: string | null;
  readonly abortAfter: number | null;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  batches: fc.array(fc.record({
    lane: fc.nat(2), shard: fc.nat(1), rows: fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 12 }),
  }), { maxLength: 30 }),
  poison: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 20 }).map((list) => new Set(list)),
  lostLane: fc.option(fc.constant('test/1')),
  abortAfter: fc.option(fc.nat(60), { freq: 3 }),
});

it('every row is stored, set aside or given up on record, whatever goes wrong and in whatever order', async () => {
  await fc.assert(fc.asyncProperty(plans, fc.integer(), checkPlan), { numRuns: 150 });
}, 120_000);

async function checkPlan(plan: Plan, seed: number): Promise<void> {
  const luck = generator(seed);
  const sink = new UnluckySink(plan, luck);
  const clock = new VirtualClock();
  const rig = new PoolRig({ sinks: [sink], clock, workers: 2, random: luck, batchBytesMax: 1_000 });
  rig.diary.onHappening = () => expect(rig.imbalance(), rig.diary.lines.join('\n')).toBe(0);
  const expected = putAll(plan, rig);
  rig.close();
  const progress = { done: false };
  const running = rig.pool.run().finally(() => {
    progress.done = true;
  });
  for (let turn = 0; !progress.done; turn++) {
    if (turn === plan.abortAfter) rig.pool.abort();
    if (turn > 2_000) throw new Error(`the pool does not end: ${rig.diary.lines.slice(-20).join('; ')}`);
    await clock.advance(10_000);
  }
  await running;
  expect(rig.imbalance()).toBe(0);
  expect(rig.pool.rowsInFlight()).toBe(0);
  if (plan.abortAfter !== null) return; // Something may be missing, on record.
  expect(Object.fromEntries(sink.stored)).toEqual(expected.stored);
  expect([...sink.letters].toSorted()).toEqual(expected.letters);
}

/** Puts the batches in, each row with a position of its own, and says what must be stored in the end. */
function putAll(plan: Plan, rig: PoolRig): { stored: Record<string, number>; letters: string[] } {
  const lanes = [0, 1, 2].map((index) => laneOf({ name: `test/${index}` }));
  const seen = new Set<string>();
  const stored: Record<string, number> = {};
  const letters = new Set<string>();
  let position = 0;
  for (const { lane: laneIndex, shard, rows } of plan.batches) {
    const lane = lanes[laneIndex];
    const plain: PlainBar[] = rows.map((place) => {
      position++;
      // A poisoned row has a key of its own: a newer row of its key in the same backlog would take its place.
      const [instrument, openTimeMs] = [shard, (plan.poison.has(position) ? 1_000 + position : place) * 60_000];
      const key = keyOf(lane, instrument, openTimeMs);
      const again = seen.has(key) ? 1 : 0;
      seen.add(key);
      if (lane.name !== plan.lostLane) {
        if (plan.poison.has(position)) letters.add(`${lane.name} ${position}`);
        else stored[key] = position;
      }
      return { instrument, openTimeMs, position, again };
    });
    rig.put({ lane, shard, bars: barsOf(plain), indicators: new IndicatorColumns(0), lateTicks: [], gaps: [], alerts: [], deadLetters: [], openedAtMs: 0 });
  }
  return { stored, letters: [...letters].toSorted() };
}

function positions({ bars }: RowBatch): number[] {
  return [...bars.position.subarray(0, bars.length)];
}

function keyOf(lane: Lane, instrument: number, openTimeMs: number): string {
  return `${lane.name} ${instrument} ${openTimeMs}`;
}

function fail(failure: SinkFailure): Promise<never> {
  return Promise.reject(new SinkError(failure, `planted ${failure.kind}`));
}

/** Mulberry32: random enough, and the same for a seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
