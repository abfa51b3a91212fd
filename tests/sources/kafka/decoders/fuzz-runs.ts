import { gunzipSync } from 'node:zlib';
import { RawBatch, ResponseBuffer } from '../../../../src/kafka/record-batch.ts';
import { RawMessage, RecordCursor } from '../../../../src/kafka/record-cursor.ts';
import { InstrumentTable } from '../../../../src/model/instruments.ts';
import type { TickBatch } from '../../../../src/model/tick-batch.ts';
import type { MessageDecoder } from '../../../../src/sources/kafka/decoders/decoder.ts';
import { createDecoder } from '../../../../src/sources/kafka/decoders/registry.ts';
import { FetchedTicks } from '../../../../src/sources/kafka/fetched-ticks.ts';
import { MessageTail } from '../../../../src/sources/kafka/message-tail.ts';
import { ColumnPool } from '../../../../src/sources/tick-columns.ts';
import { encodeBatch, type WireRecord } from '../../../support/kafka-bytes.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { damaged, jsonLine } from '../../scan/random-lines.ts';
import { TestRandom } from '../../scan/test-random.ts';

type Values = Parameters<typeof createDecoder>[0]['values'];

const lane = { name: 'l', source: 's', generation: 1, pausable: true, complete: false, fromPosition: 0, storedUntilMs: 0 };
const defaults: Values = {
  format: 'json', fields: { event_time: 'ts' }, event_time_unit: 'ms', symbol_from: 'field', venue: 'home', symbol: null,
  ids: 'unique', schema_registry_url: null, schema_registry_username: null, schema_registry_password: null,
};

export interface ReadRun {
  readonly batches: readonly object[];
  readonly error: string | null;
  readonly next: number;
  readonly tail: readonly object[];
  /** How many records were read many at a time. */
  readonly inRuns: number;
}

/** Reads logs with one decoder, either record by record or many at a time where that is possible. */
export class RunReading {
  readonly #instruments = new InstrumentTable();
  readonly #decoder: MessageDecoder;
  readonly #pool: ColumnPool;
  readonly #batchTicks: number;
  #inRuns = 0;

  constructor(values: Partial<Values>, { inRuns, batchTicks = 64 }: { readonly inRuns: boolean; readonly batchTicks?: number }) {
    const all = { ...defaults, ...values };
    const decoder = createDecoder({
      source: 'ticks', values: all, instruments: this.#instruments, clock: new VirtualClock(),
      abort: new AbortController().signal, onTrouble: () => {},
    });
    this.#decoder = {
      decode: (message, columns) => decoder.decode(message, columns),
      ...(inRuns ? {
        decodeRun: (rest, columns, limits) => {
          const rows = decoder.decodeRun!(rest, columns, limits);
          this.#inRuns += rows;
          return rows;
        },
      } : {}),
    };
    this.#batchTicks = batchTicks;
    this.#pool = new ColumnPool(batchTicks, all.ids, true);
  }

  read(log: Buffer, { baseOffset, lastOffset }: { readonly baseOffset: number; readonly lastOffset: number }): ReadRun {
    const buffer = new ResponseBuffer(log.length);
    log.copy(buffer.bytes);
    const tail = new MessageTail();
    const ticks = new FetchedTicks({
      lane, log: 't/0', tail, decoder: this.#decoder, pool: this.#pool, batchTicks: this.#batchTicks, batchSpanMs: 900, nowMs: () => 0,
    }, baseOffset);
    const cursor = new RecordCursor((_, bytes) => gunzipSync(bytes));
    const message = new RawMessage();
    const batches: object[] = [];
    const before = this.#inRuns;
    let error: string | null = null;
    cursor.open(new RawBatch(buffer, {
      start: 0, end: log.length, baseOffset, lastOffset, count: 0, batches: 0, maxTimestampMs: 0,
    }));
    try {
      while (cursor.next(message)) {
        for (let step = ticks.add(message); step !== null; step = ticks.add(message)) {
          if (!(step instanceof Promise)) batches.push(this.#shown(step));
        }
        cursor.readRun(ticks);
      }
    } catch (caught) {
      error = String(caught);
    }
    const rest = ticks.take(false);
    if (rest !== null) batches.push(this.#shown(rest));
    const copies = tail.copies(0, { messagesMax: 64, bytesMax: 1_000 });
    return { batches, error, next: ticks.next, tail: copies, inRuns: this.#inRuns - before };
  }

  /** All that a batch says, with names; then it is released. */
  #shown(batch: TickBatch): object {
    const { length, price, size, side, eventTimeMs, position, logTimeMs, tradeId, order, instrument } = batch;
    const numbers = [price, size, side, eventTimeMs, position, logTimeMs!, order].map((column) => [...column.subarray(0, length)]);
    const shown = {
      numbers, ids: tradeId === undefined ? null : [...tradeId].slice(0, length), rejects: batch.rejects,
      names: [...instrument.subarray(0, length)].map((one) => [this.#instruments.venue(one), this.#instruments.symbol(one)]),
      nextPosition: batch.nextPosition, inexactCount: batch.inexactCount, lastRecord: batch.lastRecord,
    };
    batch.release?.();
    return shown;
  }
}

const layouts = [
  '{"symbol":"$s","price":$p,"size":$q,"side":"$d","ts":$t,"trade_id":$i}',
  '{"trade_id":"$i","ts":"$t","price":"$p","size":"$q","symbol":"$s","venue":"$v"}',
  ' { "ts" : $t , "symbol" : "$s" , "price" : $p , "size" : $q , "trade_id" : $i , "side" : "$d" } \r\n',
  '{"e":"trade","x":$x,"symbol":"$s","price":$p,"size":$q,"ts":$t,"trade_id":$i,"a rather long key that nobody asks for":"$y"}',
  '{"price":$p,"size":$q,"ts":$t,"trade_id":$i,"venue":"$v"}',
  '{"d":{"symbol":"$s","price":$p,"size":$q,"ts":$t},"price":$p,"size":$q,"ts":$t,"trade_id":$i,"symbol":"$s"}',
];
const symbols = ['S1', 'S2', 'BTC-USDT', 'ÄÖ', '__proto__', 'sixteen-letters.', 'a name of more than 16', 'x'.repeat(32), 'x'.repeat(33), 'x'.repeat(64)];
const oddDecimals = ['0', '0.1', '007', '1e3', '5.', '.5', '-1', '123456789012345', '1234567890123456', '0.30000000000000004', '0.00000001', '1.000000'];
const oddIds = ['0', '007', '999999999999999', '9007199254740993', 'a1-b2'];
const passed = ['null', 'true', 'false', '-1.5e-3', '0', '01', '"text"', '{"a":[1]}', '1.', '-', 'nul'];

interface RandomLog {
  readonly log: Buffer;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly records: number;
}

/** A log of records that are mostly laid out alike, and what it takes to read it. */
function randomLog(random: TestRandom, { unit: usualUnit }: { readonly unit: number }): RandomLog {
  const rarity = random.pick([1, 1, 10, 100]); // How much rarer what is odd is than at its most frequent.
  let written = 0;
  const one = (layout: string, timeMs: number, unit: number): Buffer => {
    const odd = (usual: string, others: readonly string[]): string => (random.below(40 * rarity) === 0 ? random.pick(others) : usual);
    const texts: Readonly<Record<string, string>> = {
      $s: random.below(4 * rarity) === 0 ? random.pick(symbols) : symbols[random.below(3)],
      $p: odd((random.below(1_000_000) / 10 ** random.below(7)).toFixed(random.below(8)), oddDecimals),
      $q: odd(String(random.below(10_000) / 100), oddDecimals), $d: random.pick(['buy', 'sell', 'SELL', '', 'Buy']),
      $t: odd(`${timeMs}${'0'.repeat(unit)}`, [`${timeMs}.5`, `${timeMs}.`, `${timeMs}.1234567`, '1570752011620.5', '157075201162', '9999999999999', '15707520116200001']),
      $i: odd(String(random.below(1e9)), oddIds), $v: random.pick(['home', 'abroad']), $x: random.pick(passed), $y: random.pick(['', 'z', 'é']),
    };
    return Buffer.from(layout.replaceAll(/\$[a-z]/g, (name) => texts[name]));
  };
  const baseOffset = random.pick([0, 5, 2 ** 31 - 3, 2 ** 40]);
  const unit = random.below(20) === 0 ? random.pick([0, 3, 6]) : usualUnit;
  const usual = random.pick(layouts);
  const batches: Buffer[] = [];
  let offset = baseOffset;
  let timeMs = 1_767_571_200_000;
  for (let batch = 1 + random.below(3); batch > 0; batch--) {
    const first = offset;
    const codec = random.below(5) === 0 ? 'gzip' : 'none';
    const records: WireRecord[] = [];
    for (let count = 1 + random.below(60); count > 0; count--) {
      timeMs += random.pick([0, 1, 1, 7, 40]) - (random.below(20 * rarity) === 0 ? 300 : 0);
      let value: Buffer | null = one(random.below(20 * rarity) === 0 ? random.pick(layouts) : usual, timeMs, unit);
      if (random.below(25 * rarity) === 0) value = damaged(value, random);
      else if (random.below(60 * rarity) === 0) value = random.pick([null, Buffer.alloc(0), Buffer.from(jsonLine(random)), Buffer.from(`[${String(value)}]`)]);
      const key = random.pick([null, 'S1', 'S2', 'BTC-USDT', '']);
      records.push({
        offset, timestampMs: timeMs + random.below(5) - 2, key: key === null ? null : Buffer.from(key), value,
        headers: random.below(10) === 0 ? [['h', Buffer.from('"}')]] : [],
      });
      written++;
      offset += random.below(12) === 0 ? 1 + random.below(200) : 1; // Compaction leaves holes.
    }
    const bytes = encodeBatch({
      baseOffset: first, lastOffset: offset - 1, records, baseTimestampMs: timeMs, maxTimestampMs: timeMs + 2, codec, logAppendTime: random.below(6) === 0,
    });
    if (codec === 'none' && random.below(15) === 0) bytes[61 + random.below(bytes.length - 61)] = random.below(256); // 61: behind its header.
    batches.push(bytes);
  }
  return { log: Buffer.concat(batches), baseOffset, lastOffset: offset - 1, records: written };
}

const settings: readonly Partial<Values>[] = [
  {}, { ids: 'monotone' }, { ids: 'absent' }, { event_time_unit: 'us' }, { event_time_unit: 'ns' }, { event_time_unit: 'iso' },
  { symbol_from: 'key' }, { symbol: 'USUAL' }, { symbol: 'u'.repeat(40) }, { fields: { event_time: 'ts', symbol: 'd.symbol' } },
];

/**
 * Random logs read many records at a time, against the same logs read one by one: equal batches, rejects, positions and
 * errors. Throws with seed and case at the first difference; returns how many records there were, and how many of them
 * were read many at a time.
 */
export function fuzzRuns(seed: number, cases: number): { readonly records: number; readonly inRuns: number } {
  const random = new TestRandom(seed);
  const units = { ms: 0, us: 3, ns: 6, s: 0, iso: 0 } as const;
  const pairOf = (values: Partial<Values>): readonly [fast: RunReading, slow: RunReading] =>
    [new RunReading(values, { inRuns: true }), new RunReading(values, { inRuns: false })];
  const pairs = settings.map(pairOf);
  let [records, inRuns] = [0, 0];
  for (let n = 0; n < cases; n++) {
    const at = random.below(2) === 0 ? 0 : random.below(pairs.length);
    if (random.below(3) === 0) pairs[at] = pairOf(settings[at]); // One that knows nothing yet, and has not learnt that it hardly pays.
    const { log, records: written, ...range } = randomLog(random, { unit: units[settings[at].event_time_unit ?? 'ms'] });
    const [fast, slow] = pairs[at].map((reading) => reading.read(log, range));
    records += written;
    inRuns += fast.inRuns;
    const [got, wanted] = [fast, slow].map((read) => JSON.stringify({ ...read, inRuns: 0 }));
    if (got === wanted) continue;
    throw new Error(`seed ${seed}, case ${n}, ${JSON.stringify(settings[at])}, log ${log.toString('base64')}:\n${got}\nis not\n${wanted}`);
  }
  return { records, inRuns };
}
