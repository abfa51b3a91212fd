/**
 * What a daemon takes while there is nearly nothing to do: one quiet lane, a real PostgreSQL, nobody who asks. Beside it a
 * Node of the same flags that does nothing at all: below that no daemon of Node can be.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuSecondsOf, DaemonProcess, residentBytes, usualFlags, type DaemonOptions } from '../../tests/support/daemon.ts';
import { TestPostgres } from '../../tests/support/postgres.ts';
import type { BenchRow } from './row.ts';

/**
 * Start-up is over by then, and most of what runs once a second has been compiled: for three minutes the compilers take less
 * and less, a tenth of a percent of a core after the first.
 */
const settleMs = 60_000;
const measureMs = 60_000;
const mebibyte = 1_048_576;

const config = (url: string): string => `
name: idle
sources: [{ name: quiet, type: synthetic, symbols: 1, ticks_per_second: 1 }]
store: { url: "${url}" }
`;

export async function benchIdle(): Promise<BenchRow[]> {
  const postgres = await TestPostgres.start();
  const options = { config: config(postgres.url()) };
  await startOnce(options);
  const daemon = new DaemonProcess(options);
  const bare = spawn(process.execPath, [...usualFlags, '-e', 'setInterval(() => {}, 250)'], {
    stdio: 'ignore', env: { ...process.env, MALLOC_ARENA_MAX: '2' },
  });
  try {
    await daemon.ready();
    await wait(settleMs);
    const before = [cpuSecondsOf(daemon.pid), cpuSecondsOf(bare.pid!)];
    await wait(measureMs);
    const [share, bareShare] = [cpuSecondsOf(daemon.pid) - before[0], cpuSecondsOf(bare.pid!) - before[1]]
      .map((seconds) => seconds / (measureMs / 1_000));
    return [
      row('processor', share * 100, '% of a core', {
        limitName: 'a Node that wakes as often as a watchdog', limit: bareShare * 100, aim: '< 1 %',
      }),
      row('memory, resident', daemon.residentMemory() / mebibyte, 'MiB', {
        limitName: 'a Node that does nothing', limit: residentBytes(bare.pid!) / mebibyte, aim: '< 120 MiB',
      }),
    ];
  } finally {
    await daemon.stop();
    await end(bare);
    await postgres.dispose();
  }
}

/** The first start of a version strips the types of its files, which takes 17 MiB; each later one finds them stripped. */
async function startOnce(options: DaemonOptions): Promise<void> {
  const daemon = new DaemonProcess(options);
  await daemon.ready();
  await wait(1_000);
  await daemon.stop();
}

function row(name: string, value: number, unit: string, rest: Partial<BenchRow>): BenchRow {
  return { name: `idle daemon, PostgreSQL: ${name}`, value, unit, limitName: '', limit: 0, aim: '', ...rest };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
