/** How long /metrics takes to answer with 5,000 symbols, seven bar specs and 20 lanes: at rest, and at full speed. */
import { setTimeout as wait } from 'node:timers/promises';
import { DaemonProcess } from '../../tests/support/daemon.ts';
import { TestPostgres } from '../../tests/support/postgres.ts';
import type { BenchRow } from './row.ts';

const lanes = 20;
const symbolsPerLane = 250;
const requests = 200;
/** Prometheus asks every ten seconds; a person who reloads, a little more often than this. */
const pauseMs = 40;
const settleMs = 8_000;

const loads = { idle: { speed: 1, ticks_per_second: 5 }, 'full speed': { speed: 'max', ticks_per_second: 5_000 } } as const;

export async function benchMetrics(): Promise<BenchRow[]> {
  const postgres = await TestPostgres.start();
  try {
    const rows: BenchRow[] = [];
    for (const load of ['idle', 'full speed'] as const) {
      rows.push(...(await measure(load, postgres.url({ database: await postgres.createDatabase() }))));
    }
    return rows;
  } finally {
    await postgres.dispose();
  }
}

async function measure(load: keyof typeof loads, url: string): Promise<BenchRow[]> {
  const sources = Array.from({ length: lanes }, (_, index) =>
    ({ name: `demo-${index}`, venue: `v${index}`, type: 'synthetic', symbols: symbolsPerLane, ...loads[load] }));
  const daemon = new DaemonProcess({ config: JSON.stringify({ name: 'bench', sources, store: { url } }) });
  try {
    const metrics = `${await daemon.ready()}/metrics`;
    await wait(settleMs);
    const spentMs: number[] = [];
    let bytes = 0;
    for (let turn = 0; turn < requests; turn++, await wait(pauseMs)) {
      const begunMs = performance.now();
      bytes = (await (await fetch(metrics)).arrayBuffer()).byteLength;
      spentMs.push(performance.now() - begunMs);
    }
    spentMs.sort((a, b) => a - b);
    const row = (name: string, value: number, unit: string, aim = ''): BenchRow =>
      ({ name: `/metrics, ${lanes * symbolsPerLane} symbols, ${lanes} lanes, ${load}: ${name}`, value, unit, limitName: '', limit: 0, aim });
    return [
      row('p50', spentMs[requests / 2], 'ms', '< 20 ms'), row('p99', spentMs[Math.floor(requests * 0.99)], 'ms', load === 'idle' ? '< 20 ms' : ''),
      row('size', bytes / 1_024, 'KiB'),
    ];
  } finally {
    await daemon.stop('SIGKILL');
  }
}
