/**
 * What reading recorded trades costs, beside the bare reading of the same bytes with a count of their lines.
 */
import { once } from 'node:events';
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { createGunzip, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { ofOneLane, type Lane, type Resume } from '../../src/model/lane.ts';
import type { Setting } from '../../src/model/setting.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import { Admission } from '../../src/operators/admission.ts';
import type { Emit } from '../../src/operators/operator.ts';
import { createTimeBars } from '../../src/operators/time-bars.ts';
import { createSource, sourceTypes, type SourceTypeName } from '../../src/sources/registry.ts';
import type { Source } from '../../src/sources/source.ts';
import type { BenchRow } from './row.ts';

/** Some 80 MB as CSV: half a minute in all. */
const ticks = 2_000_000;
const turns = 3;
const lane: Lane = {
  name: 'bench/replay',
  source: 'replay',
  generation: 1,
  pausable: true,
  complete: true,
  fromPosition: 0,
  storedUntilMs: -Infinity,
};
const resume: Resume = {
  ...ofOneLane,
  take: () =>
    Promise.resolve({
      lane, position: 0, lastRecordHash: null, startTimeMs: Date.UTC(2026, 0, 5), newestEventTimeMs: null,
    }),
};

function source(
  type: SourceTypeName,
  instruments: InstrumentTable,
  wishes: Readonly<Record<string, unknown>>,
): Source {
  const settings: readonly [string, Setting][] = Object.entries(sourceTypes[type].settings);
  const values = {
    ...Object.fromEntries(settings.map(([key, { default: usual }]) => [key, usual])),
    speed: 'max',
    ...wishes,
  };
  return createSource(type, { name: 'bench', values, instruments, clock: () => 0, batchSpanMs: Infinity });
}

async function eachBatch(from: Source, take: (batch: TickBatch) => void | Promise<unknown>): Promise<void> {
  for await (const item of from.read(resume, new AbortController().signal)) {
    if (item.kind !== 'ticks') continue;
    const taken = take(item);
    if (taken !== undefined) await taken;
    item.release?.();
  }
}

/** A file of generated trades of 20 symbols, some 55 bytes a line as CSV. */
async function writeTrades(
  file: string,
  lineOf: (batch: TickBatch, row: number, symbol: string) => string,
): Promise<void> {
  const instruments = new InstrumentTable();
  const stream = createWriteStream(file);
  await eachBatch(source('synthetic', instruments, { count: ticks, ticks_per_second: 50_000 }), (batch) => {
    let text = '';
    for (let row = 0; row < batch.length; row++)
      text += lineOf(batch, row, instruments.symbol(batch.instrument[row]));
    return stream.write(text) ? undefined : once(stream, 'drain');
  });
  stream.end();
  await finished(stream);
}

const sides = ['unknown', 'buy', 'sell'];
const csvLine = (
  { tradeId, eventTimeMs, side, price, size }: TickBatch,
  row: number,
  symbol: string,
): string =>
  `${tradeId?.[row]},${eventTimeMs[row]},${sides[side[row]]},${price[row]},${size[row]},${symbol}\n`;
const jsonLine = (
  { tradeId, eventTimeMs, side, price, size }: TickBatch,
  row: number,
  symbol: string,
): string =>
  `{"trade_id":${tradeId?.[row]},"event_time_ms":${eventTimeMs[row]},"side":"${sides[side[row]]}",` +
  `"price":"${price[row]}","size":"${size[row]}","symbol":"${symbol}"}\n`;

/** The limit: the same bytes, only their line feeds counted. */
async function countLines(file: string): Promise<void> {
  let lines = 0;
  const count = (bytes: Uint8Array, length: number): void => {
    for (let index = 0; index < length; index++) if (bytes[index] === 0x0a) lines++;
  };
  if (file.endsWith('.gz') || file.endsWith('.zst')) {
    const options = { chunkSize: 262_144 };
    const decoder = file.endsWith('.gz') ? createGunzip(options) : createZstdDecompress(options);
    for await (const chunk of createReadStream(file).pipe(decoder)) count(chunk, chunk.length);
  } else {
    const buffer = Buffer.allocUnsafeSlow(1_048_576);
    await using handle = await open(file);
    for (let read = 1; read > 0;) {
      ({ bytesRead: read } = await handle.read(buffer));
      count(buffer, read);
    }
  }
  if (lines < ticks) throw new Error(`${file} has only ${lines} lines`);
}

async function readTicks(file: string): Promise<void> {
  let seen = 0;
  const replay = source('replay', new InstrumentTable(), { files: [file], ids: 'monotone' });
  await eachBatch(replay, (batch) => {
    seen += batch.length;
  });
  if (seen !== ticks) throw new Error(`${file} gave ${seen} ticks`);
}

/** Read, admitted and folded into bars of three specs; no queue and no sink. */
async function readBars(file: string): Promise<void> {
  const instruments = new InstrumentTable();
  const settings = {
    out_of_orderness_ms: 2_000,
    allowed_lateness_ms: 10_000,
    max_future_skew_ms: 300_000,
    max_jump_ms: 604_800_000,
    idle_ms: 5_000,
    zero_size: 'reject',
    off_market: 'exclude',
    nonpositive_price: 'reject',
    ids: 'monotone',
  } as const;
  const admission = new Admission({ lane, instruments, settings });
  const bars = createTimeBars({ lane, instruments, specs: parseBarSpecs(['1s', '1m', '5m']), settings });
  const out: Emit = { bars() {}, indicators() {}, alert() {}, lateTick() {}, gap() {}, deadLetter() {} };
  await eachBatch(source('replay', instruments, { files: [file], ids: 'monotone' }), (batch) => {
    bars.onBatch(admission.admit(batch, out), out);
  });
}

/**
 * Ticks a second of each, the best of several turns after one of warm-up: they alternate, so that a busy
 * machine hurts all alike.
 */
async function speedsOf(works: readonly (() => Promise<void>)[]): Promise<number[]> {
  const best = works.map(() => 0);
  for (let turn = 0; turn <= turns; turn++) {
    for (const [index, work] of works.entries()) {
      const started = performance.now();
      await work();
      const isWarm = turn > 0;
      if (isWarm) best[index] = Math.max(best[index], ticks / ((performance.now() - started) / 1_000));
    }
  }
  return best;
}

export async function benchReplay(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-bench-'));
  const at = (name: string): string => path.join(folder, name);
  try {
    await writeTrades(at('trades.ndjson'), jsonLine);
    writeFileSync(at('trades.csv'), 'trade_id,event_time_ms,side,price,size,symbol\n');
    await writeTrades(at('body'), csvLine);
    writeFileSync(at('trades.csv'), readFileSync(at('body')), { flag: 'a' });
    writeFileSync(at('trades.csv.gz'), gzipSync(readFileSync(at('trades.csv')), { level: 1 }));
    writeFileSync(at('trades.csv.zst'), zstdCompressSync(readFileSync(at('trades.csv'))));
    const rows: BenchRow[] = [];
    for (const name of ['trades.csv', 'trades.csv.gz', 'trades.csv.zst', 'trades.ndjson']) {
      const [limit, value] = await speedsOf([() => countLines(at(name)), () => readTicks(at(name))]);
      const aim = name === 'trades.csv' ? '≥ 6,000,000' : '';
      const limitName = 'reading it and counting lines';
      rows.push({ name: `replay of ${name} → batches`, value, unit: 'ticks/s', limitName, limit, aim });
    }
    const [limit, value] = await speedsOf([
      () => readTicks(at('trades.csv')),
      () => readBars(at('trades.csv')),
    ]);
    const name = 'replay of trades.csv → bars';
    rows.push({ name, value, unit: 'ticks/s', limitName: 'replay alone', limit, aim: '≥ 4,000,000' });
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
