/**
 * What checkpoints cost a lane of 5,000 symbols and seven bar specs at full speed. One is taken every second, ten times as
 * often as by default, so that a short run has some; shares are of one every ten seconds.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { encodeState } from '../../src/checkpoints/encode.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import type { LaneState } from '../../src/model/checkpoint.ts';
import { Admission } from '../../src/operators/admission.ts';
import type { Emit } from '../../src/operators/operator.ts';
import { createTimeBars } from '../../src/operators/time-bars.ts';
import { lane, Ring, settings } from './fold.ts';
import { through, type Shape } from './pipeline.ts';
import type { BenchRow } from './row.ts';

const specs = '1s,1m,5m,15m,1h,4h,1d';
const feed = { symbols: 5_000, ticksPerSecond: 100_000 } as const;
const ticks = 24_000_000;
const everyMs = 1_000;
/** As by default: `checkpoint.interval_ms`. */
const intervalMs = 10_000;
const captures = 30;
const encodings = 10;
const limits = { lane: lane.name, bytesMax: 1_000_000_000 };
const mebibyte = 1_048_576;
/** Histograms of loop delay are of the time between two turns of a timer of this many ms. */
const delayResolutionMs = 1;

interface Run {
  readonly cpuMs: number;
  readonly delayMsMax: number;
  readonly checkpoints: number;
}

/** The whole pipeline into a sink that only counts. */
async function run(shape: Shape, interval: number): Promise<Run> {
  let checkpoints = 0;
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  const before = process.cpuUsage();
  delay.enable();
  await through(shape, ticks, {
    intervalMs: interval,
    encode: (_, state) => {
      checkpoints++;
      return encodeState(state, limits);
    },
  });
  delay.disable();
  const cpuMs = millisecondsOf(process.cpuUsage(before));
  return { cpuMs, delayMsMax: delay.max / 1e6 - delayResolutionMs, checkpoints };
}

interface Costs {
  /** CPU of the main thread: other processes do not count. */
  readonly captureMs: number;
  readonly captureMsMax: number;
  readonly encodeCpuMs: number;
  readonly bytes: number;
  readonly bytesRaw: number;
}

/** Capture and encoding by themselves: on all threads, and nothing else is running. */
async function costs(ids: 'absent' | 'monotone'): Promise<Costs> {
  const ring = new Ring({ ...feed, ids });
  const { instruments } = ring;
  const admission = new Admission({ lane, instruments, settings: { ...settings, ids } });
  const bars = createTimeBars({ lane, instruments, specs: parseBarSpecs(specs.split(',')), settings });
  const out: Emit = { bars() {}, indicators() {}, alert() {}, lateTick() {}, gap() {}, deadLetter() {} };
  const spent: number[] = [];
  let state: LaneState = { admission: null, operators: {} };
  let encodeCpuMs = 0;
  let bytes = new Uint8Array(0);
  for (let turn = 0; turn < captures; turn++) {
    for (let batch = 0; batch < 2_000; batch++) bars.onBatch(admission.admit(ring.next(), out), out);
    const begun = process.threadCpuUsage();
    state = { admission: admission.snapshot(), operators: { [bars.name]: bars.snapshot() } };
    spent.push(millisecondsOf(process.threadCpuUsage(begun)));
    if (turn < captures - encodings) continue;
    const before = process.cpuUsage();
    bytes = await encodeState(state, limits) as Uint8Array<ArrayBuffer>;
    encodeCpuMs += millisecondsOf(process.cpuUsage(before)) / encodings;
  }
  return {
    captureMs: spent.reduce((sum, ms) => sum + ms, 0) / spent.length, captureMsMax: Math.max(...spent), encodeCpuMs,
    bytes: bytes.length, bytesRaw: Buffer.from(bytes.buffer, bytes.byteOffset).readDoubleLE(16),
  };
}

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}

export async function benchCheckpoint(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const ids of ['absent', 'monotone'] as const) rows.push(...(await measure(ids)));
  return rows;
}

async function measure(ids: 'absent' | 'monotone'): Promise<BenchRow[]> {
  const shape = { ...feed, ids, specs };
  await through(shape, ticks / 8); // Warm-up.
  const without = await run(shape, Infinity);
  const often = await run(shape, everyMs);
  const cost = await costs(ids);
  const row = (name: string, value: number, unit: string, rest: Partial<BenchRow> = {}): BenchRow =>
    ({ name: `checkpoint, ids ${ids}: ${name}`, value, unit, limitName: '', limit: 0, aim: '', ...rest });
  return [
    row('taken between two batches, CPU, mean', cost.captureMs, 'ms'),
    row('taken between two batches, CPU, longest', cost.captureMsMax, 'ms', { aim: '< 20 ms' }),
    row('encoding, CPU of all threads', cost.encodeCpuMs, 'ms'),
    row('both, CPU', cost.captureMs + cost.encodeCpuMs, 'ms', {
      limitName: 'CPU between two of them at full speed: one core', limit: intervalMs, aim: '< 3 %',
    }),
    row('a tenth of what one a second adds to a run', 10 * (often.cpuMs / without.cpuMs - 1), '%', { aim: '< 3 %' }),
    row('longest loop delay, with one a second', often.delayMsMax, 'ms', {
      limitName: `the same run without (${often.checkpoints} taken)`, limit: without.delayMsMax, aim: '≤ 20 ms more',
    }),
    row('bytes', cost.bytes / mebibyte, 'MiB', { limitName: 'before compression', limit: cost.bytesRaw / mebibyte }),
  ];
}
