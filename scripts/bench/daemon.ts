/** The whole daemon at full speed into the embedded TimescaleDB: ticks and rows a second, and peak memory of both processes. */
import type { PipelineStatus } from '../../src/model/status.ts';
import { DaemonProcess } from '../../tests/support/daemon.ts';
import type { BenchRow } from './row.ts';

const measureMs = 15_000;
const mebibyte = 1_048_576;

interface Load {
  readonly symbols: number;
  readonly ids: 'absent' | 'monotone';
}

const config = ({ symbols, ids }: Load): string => `
name: bench
sources: [{ name: demo, type: synthetic, symbols: ${symbols}, ticks_per_second: 100000, speed: max, ids: ${ids} }]
bars: { specs: [1s, 1m, 5m] }
`;

export async function benchDaemon(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  // Ids are remembered until the lateness horizon has passed: at 100,000 ticks a second of event time, 1.2 million of them.
  for (const load of [{ symbols: 200, ids: 'absent' }, { symbols: 200, ids: 'monotone' }, { symbols: 5_000, ids: 'absent' }] as const) {
    rows.push(...(await measure(load)));
  }
  return rows;
}

async function measure(load: Load): Promise<BenchRow[]> {
  const daemon = new DaemonProcess({ config: config(load) });
  const what = `${load.symbols} symbols, ids ${load.ids}`;
  try {
    await daemon.ready();
    await pause(3_000);
    const before = await daemon.status<PipelineStatus>();
    await pause(measureMs);
    const after = await daemon.status<PipelineStatus>();
    const seconds = (after.nowMs - before.nowMs) / 1_000;
    const { daemon: peak, database } = daemon.peakMemory();
    const row = (name: string, value: number, unit: string, rest: Partial<BenchRow> = {}): BenchRow =>
      ({ name: `daemon, ${what}: ${name}`, value, unit, limitName: '', limit: 0, aim: '', ...rest });
    return [
      row('ticks into the embedded database', (after.ticks.aggregated - before.ticks.aggregated) / seconds, 'ticks/s'),
      row('rows committed', (after.sink.rowsCommitted - before.sink.rowsCommitted) / seconds, 'rows/s'),
      row('peak memory (VmHWM)', peak / mebibyte, 'MiB', {
        limitName: 'the embedded database beside it', limit: database / mebibyte, aim: '< 160 MiB',
      }),
    ];
  } finally {
    await daemon.stop('SIGKILL');
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
