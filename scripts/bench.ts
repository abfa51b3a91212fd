/**
 * Prints figures beside their limits, measured in the same run, and the peak memory of each. `bench NAME` runs one part.
 * These are measurements, not assertions: a noisy machine makes them worse, never wrong.
 */
import { availableParallelism, cpus } from 'node:os';
import type { BenchRow } from './bench/row.ts';

const parts: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  fold: async () => (await import('./bench/fold.ts')).benchFold(),
  indicators: async () => (await import('./bench/indicators.ts')).benchIndicators(),
  replay: async () => (await import('./bench/replay.ts')).benchReplay(),
  pipeline: async () => (await import('./bench/pipeline.ts')).benchPipeline(),
  checkpoint: async () => (await import('./bench/checkpoint.ts')).benchCheckpoint(),
  recovery: async () => (await import('./bench/recovery.ts')).benchRecovery(),
  'kafka-recovery': async () => (await import('./bench/kafka-recovery.ts')).benchKafkaRecovery(),
  'kafka-catch-up': async () => (await import('./bench/kafka-catch-up.ts')).benchKafkaCatchUp(),
  sink: async () => (await import('./bench/sink.ts')).benchSink(),
  kafka: async () => (await import('./bench/kafka.ts')).benchKafka(),
  decode: async () => (await import('./bench/decode.ts')).benchDecode(),
  'fetch-tap': async () => (await import('./bench/fetch-tap.ts')).benchFetchTap(),
  daemon: async () => (await import('./bench/daemon.ts')).benchDaemon(),
  idle: async () => (await import('./bench/idle.ts')).benchIdle(),
  metrics: async () => (await import('./bench/metrics.ts')).benchMetrics(),
  stream: async () => (await import('./bench/stream.ts')).benchStream(),
};

const wanted = process.argv[2];
if (wanted !== undefined && parts[wanted] === undefined) {
  console.error(`There is no benchmark "${wanted}"; there are ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}\n`);
print(['figure', 'value', 'unit', 'limit', 'share', 'limit is', 'aim']);
for (const [name, measure] of Object.entries(parts)) {
  if (wanted !== undefined && wanted !== name) continue;
  for (const row of await measure()) {
    const share = row.limit > 0 ? `${((row.value / row.limit) * 100).toFixed(0)} %` : '';
    print([row.name, number(row.value), row.unit, row.limit > 0 ? number(row.limit) : '', share, row.limitName, row.aim]);
  }
}

function number(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function print(cells: readonly string[]): void {
  const widths = [58, 14, 10, 14, 6, 46, 0];
  const numeric = [false, true, false, true, true, false, false];
  console.log(cells.map((cell, n) =>  numeric[n] ? cell.padStart(widths[n]) : cell.padEnd(widths[n])).join(' '));
}
