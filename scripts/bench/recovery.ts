/** A daemon is killed at full speed and started again: how long until it writes, and until it is where it was. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PipelineStatus } from '../../src/model/status.ts';
import { DaemonProcess } from '../../tests/support/daemon.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import type { BenchRow } from './row.ts';

/** Some 400 MB: more than is read until the kill and after it. */
const lines = 12_000_000;
const linesPerSecond = 20_000;
const killedBehind = 4_000_000;
const symbols = 200;
const turns = 3;
const pollMs = 5;

interface Recovery {
  readonly firstRowMs: number;
  readonly caughtUpMs: number;
  /** Records that are folded again. */
  readonly again: number;
}

export async function benchRecovery(): Promise<BenchRow[]> {
  const missing = whyNoPostgres();
  if (missing !== null) {
    console.log(`Recovery was not measured: ${missing}`);
    return [];
  }
  const postgres = await TestPostgres.start(['fsync=off']);
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-recovery-'));
  try {
    const file = path.join(directory, 'trades.csv');
    writeTrades(file);
    const found: Recovery[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const database = await postgres.createDatabase(false);
      found.push(await killAndRestart(file, postgres.url({ database })));
    }
    found.sort((a, b) => a.caughtUpMs - b.caughtUpMs);
    const { firstRowMs, caughtUpMs, again } = found[Math.floor(turns / 2)];
    const row = (name: string, value: number, unit: string, aim = ''): BenchRow =>
      ({ name: `recovery after SIGKILL: ${name}`, value, unit, limitName: '', limit: 0, aim });
    return [
      row('process started → first row committed', firstRowMs, 'ms', '< 2,000 ms'),
      row('records since the last checkpoint, read again', again, 'ticks'),
      row('process started → past where it was killed', caughtUpMs, 'ms', '< 2,000 ms and the replay'),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await postgres.dispose();
  }
}

async function killAndRestart(file: string, url: string): Promise<Recovery> {
  const config = `
name: bench
sources: [{ name: tape, type: replay, files: [${file}], speed: max, ids: absent }]
bars: { specs: [1s, 1m, 5m] }
checkpoint: { interval_ms: 1000 }
`;
  const start = (): DaemonProcess => new DaemonProcess({ config, environment: { DATABASE_URL: url } });
  const first = start();
  const killedAt = await waitFor(first, ({ lanes }) => {
    const [lane] = lanes ?? [];
    return lane !== undefined && lane.position > killedBehind && lane.checkpoint.written > 0 ? lane.position : null;
  });
  await first.stop('SIGKILL');
  const begunAtMs = performance.now();
  const second = start();
  try {
    const rowsCommitted = ({ sink }: Partial<PipelineStatus>): number => sink?.rowsCommitted ?? 0;
    const firstRowMs = await waitFor(second, (status) => rowsCommitted(status) > 0 ? performance.now() - begunAtMs : null);
    return await waitFor(second, ({ lanes, ticks }) => {
      const position = lanes?.[0]?.position ?? 0;
      if (position <= killedAt) return null;
      return { firstRowMs, caughtUpMs: performance.now() - begunAtMs, again: killedAt - (position - (ticks?.received ?? 0)) };
    });
  } finally {
    await second.stop('SIGKILL');
  }
}

/** The first answer that is none but null, asking as often as a process that is busy can answer. */
async function waitFor<T>(daemon: DaemonProcess, read: (status: Partial<PipelineStatus>) => T | null): Promise<T> {
  await daemon.ready();
  for (;;) {
    const found = read(await daemon.status<Partial<PipelineStatus>>()); // Nothing stands in it until the store is ready.
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function writeTrades(file: string): void {
  writeFileSync(file, 'event_time_ms,symbol,side,price,size\n');
  const startMs = Date.UTC(2026, 0, 5);
  for (let line = 0; line < lines;) {
    let text = '';
    for (const until = line + 100_000; line < until; line++) {
      const symbol = (line * 7_919) % symbols;
      const timeMs = startMs + Math.floor(line * 1_000 / linesPerSecond);
      text += `${timeMs},S${symbol},${line % 3 === 0 ? 'buy' : 'sell'},${100 + symbol + (line % 97) / 100},0.5\n`;
    }
    writeFileSync(file, text, { flag: 'a' });
  }
}
