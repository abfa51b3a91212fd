/** What admission and the fold cost, beside a bare loop over the same columns. `node scripts/bench/fold.ts` prints it. */
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane } from '../../src/model/lane.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import { Admission } from '../../src/operators/admission.ts';
import type { Emit } from '../../src/operators/operator.ts';
import { createTimeBars } from '../../src/operators/time-bars.ts';
import type { BenchRow } from './row.ts';

interface Feed {
  readonly symbols: number;
  readonly ticksPerSecond: number;
  readonly ids: 'absent' | 'monotone' | 'scattered';
}

const batchTicks = 1_000;
const declared = { absent: 'absent', monotone: 'monotone', scattered: 'unique' } as const;
/** Batches in memory: their columns (2.2 MB) are warm as they are behind a source that has just filled them. */
const ringBatches = 50;
export const lane: Lane = {
  name: 'bench/fold', source: 'fold', generation: 1, pausable: true, complete: false, fromPosition: 0,
  storedUntilMs: -Infinity,
};
export const settings = {
  out_of_orderness_ms: 2_000, allowed_lateness_ms: 10_000, max_future_skew_ms: 300_000, max_jump_ms: 604_800_000,
  idle_ms: 5_000, zero_size: 'reject', off_market: 'exclude', nonpositive_price: 'reject',
} as const;

/** A seeded generator (mulberry32): every run folds the same ticks. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number that no other position has, in no order. */
function scattered(position: number): number {
  return Math.imul(position, 0x9e3779b1) >>> 0;
}

/** A feed without end from a ring of batches: before each is folded its times, positions and ids move on. */
export class Ring {
  readonly instruments = new InstrumentTable();
  readonly #batches: TickBatch[];
  readonly #spanMs: number;
  readonly #isScattered: boolean;
  #turn = 0;

  constructor({ symbols, ticksPerSecond, ids }: Feed) {
    this.#isScattered = ids === 'scattered';
    const random = randomNumbers(1);
    for (let n = 0; n < symbols; n++) this.instruments.intern('venue', `S${n}`);
    const prices = Float64Array.from({ length: symbols }, () => 50 + 100 * random());
    this.#spanMs = (ringBatches * batchTicks * 1_000) / ticksPerSecond;
    this.#batches = Array.from({ length: ringBatches }, (_, at) => {
      const column = (value: (n: number) => number): Float64Array =>
        Float64Array.from({ length: batchTicks }, (_, n) => value(at * batchTicks + n));
      const instrument = Int32Array.from({ length: batchTicks }, () => Math.floor(random() * symbols));
      const position = column((n) => n);
      return {
        kind: 'ticks', lane, length: batchTicks, instrument,
        price: Float64Array.from(instrument, (id) => (prices[id] += (random() - 0.5) / 50)),
        size: column(() => Math.ceil(random() * 1_000) / 100),
        side: Uint8Array.from({ length: batchTicks }, () => Math.floor(random() * 3)),
        eventTimeMs: column((n) => 1_700_000_000_000 + Math.floor((n * 1_000) / ticksPerSecond)),
        position, order: position,
        ...(ids === 'absent' ? {} : { tradeId: ids === 'monotone' ? position : position.map(scattered) }),
        receivedTimeMs: 0, nextPosition: 0, atLogEnd: false, rejects: [], inexactCount: 0,
      };
    });
  }

  next(): TickBatch {
    const batch = this.#batches[this.#turn % ringBatches];
    if (this.#turn++ >= ringBatches) {
      for (let n = 0; n < batchTicks; n++) {
        batch.eventTimeMs[n] += this.#spanMs;
        batch.position[n] += ringBatches * batchTicks;
        if (this.#isScattered) (batch.tradeId as Float64Array)[n] = scattered(batch.position[n]);
      }
    }
    return batch;
  }
}

/** Takes a batch; gives back the rows that came of it. */
type Fold = (batch: TickBatch) => number;

function productFold(feed: Feed, instruments: InstrumentTable): Fold {
  const specs = parseBarSpecs(['1s', '1m', '5m']);
  const admission = new Admission({ lane, instruments, settings: { ...settings, ids: declared[feed.ids] } });
  const bars = createTimeBars({ lane, instruments, specs, settings });
  let rows = 0;
  const out: Emit = {
    bars: (block) => { rows += block.length; },
    indicators() {}, alert() {}, lateTick() {}, gap() {}, deadLetter() {},
  };
  return (batch) => {
    const before = rows;
    bars.onBatch(admission.admit(batch, out), out);
    return rows - before;
  };
}

/** The limit: no admission, one window without an end; open, high, low, close by tie order, compensated sums, counts. */
function bareFold(symbols: number): Fold {
  const width = 16;
  const bars = new Float64Array(symbols * width);
  return ({ instrument, price, size, side, eventTimeMs, order, position, length }) => {
    for (let index = 0; index < length; index++) {
      const at = instrument[index] * width;
      const [p, q, t, o] = [price[index], size[index], eventTimeMs[index], order[index]];
      if (p > bars[at + 1]) bars[at + 1] = p;
      if (p < bars[at + 2]) bars[at + 2] = p;
      if (t > bars[at + 4] || (t === bars[at + 4] && o >= bars[at + 5])) {
        bars[at + 3] = p;
        bars[at + 4] = t;
        bars[at + 5] = o;
      }
      const product = p * q;
      const sum = bars[at + 6];
      const next = sum + product;
      bars[at + 7] += sum >= product ? sum - next + product : product - next + sum;
      bars[at + 6] = next;
      const sided = at + 8 + 2 * side[index];
      const volume = bars[sided];
      const nextVolume = volume + q;
      bars[sided + 1] += volume >= q ? volume - nextVolume + q : q - nextVolume + volume;
      bars[sided] = nextVolume;
      bars[at + 14] += 1;
      bars[at + 15] = position[index]!;
    }
    return 0;
  };
}

interface Speed {
  readonly ticksPerSecond: number;
  readonly rowsPerSecond: number;
}

/** The median of several turns, each of the given number of batches; only folding is timed. */
function measure(feed: Feed, batches: number): { product: Speed; bare: Speed } {
  const ring = new Ring(feed);
  const folds = [productFold(feed, ring.instruments), bareFold(feed.symbols)];
  const turns: Speed[][] = [[], []];
  for (let turn = 0; turn < 9; turn++) {
    const spent = [0, 0];
    const rows = [0, 0];
    for (let n = 0; n < batches; n++) {
      const batch = ring.next();
      for (const [which, fold] of folds.entries()) {
        const begun = process.hrtime.bigint();
        rows[which] += fold(batch);
        spent[which] += Number(process.hrtime.bigint() - begun) / 1e9;
      }
    }
    if (turn < 2) continue; // Warm-up.
    for (const which of [0, 1]) {
      const ticksPerSecond = (batches * batchTicks) / spent[which];
      turns[which].push({ ticksPerSecond, rowsPerSecond: rows[which] / spent[which] });
    }
  }
  const [product, bare] = turns.map((speeds) =>
    speeds.sort((a, b) => a.ticksPerSecond - b.ticksPerSecond)[Math.floor(speeds.length / 2)]);
  return { product: product, bare: bare };
}

export async function benchFold(): Promise<BenchRow[]> {
  const limitName = 'bare columnar fold, same columns';
  const dense = { symbols: 200, ticksPerSecond: 20_000 } as const;
  const rows: BenchRow[] = [];
  const add = (name: string, aim: string, speed: { product: Speed; bare: Speed }): void => {
    const { product, bare } = speed;
    rows.push({ name, value: product.ticksPerSecond, unit: 'ticks/s', limitName, limit: bare.ticksPerSecond, aim });
  };
  add('admission + fold, 200 symbols, 1s+1m+5m, no ids', '>= 25,000,000', measure({ ...dense, ids: 'absent' }, 4_000));
  add('admission + fold, the same with monotone ids', '', measure({ ...dense, ids: 'monotone' }, 4_000));
  add('admission + fold, the same with ids in no order', '', measure({ ...dense, ids: 'scattered' }, 1_000));
  const sparse = measure({ symbols: 200, ticksPerSecond: 200, ids: 'absent' }, 400);
  add('admission + fold, about one tick a 1s bar', '', sparse);
  rows.push({
    name: 'the same, rows out', value: sparse.product.rowsPerSecond, unit: 'rows/s', limitName: '', limit: 0, aim: '',
  });
  return rows;
}

if (import.meta.main) {
  for (const { name, value, limit, unit } of await benchFold()) {
    console.log(`${name.padEnd(52)} ${(value / 1e6).toFixed(2).padStart(8)} M ${unit}  limit ${(limit / 1e6).toFixed(2)} M`);
  }
}
