/**
 * The daemon at full speed with 5,000 symbols for as long as it is told (10 minutes), a line every ten seconds: ticks and
 * rows a second, memory, both ledgers. Flat memory is what it is for. `soak MINUTES`; DATABASE_URL gives another database.
 */
import type { PipelineStatus } from '../src/model/status.ts';
import { rowsImbalance, ticksImbalance } from '../src/model/status.ts';
import { DaemonProcess } from '../tests/support/daemon.ts';

const minutes = Number(process.argv[2] ?? 10);
const everyMs = 10_000;
const mebibyte = 1_048_576;
const url = process.env['DATABASE_URL'];

const daemon = new DaemonProcess({
  config: `
name: soak
sources: [{ name: demo, type: synthetic, symbols: 5000, ticks_per_second: 100000, speed: max }]
bars: { specs: [1s, 1m, 5m] }
`,
  ...(url === undefined ? {} : { environment: { DATABASE_URL: url } }),
});

console.log('seconds     ticks/s    rows/s   RSS MiB   peak MiB   database peak MiB   ledgers');
let before = await daemon.status<PipelineStatus>();
const startedAtMs = before.nowMs;
let imbalances = 0;
while (before.nowMs - startedAtMs < minutes * 60_000) {
  await new Promise((resolve) => setTimeout(resolve, everyMs));
  const now = await daemon.status<PipelineStatus>();
  const seconds = (now.nowMs - before.nowMs) / 1_000;
  const off = [ticksImbalance(now.ticks), rowsImbalance(now.rows)];
  if (off.some((imbalance) => imbalance !== 0)) imbalances++;
  const peak = daemon.peakMemory();
  const columns = [
    (now.nowMs - startedAtMs) / 1_000, (now.ticks.aggregated - before.ticks.aggregated) / seconds,
    (now.sink.rowsCommitted - before.sink.rowsCommitted) / seconds, daemon.residentMemory() / mebibyte,
    peak.daemon / mebibyte, peak.database / mebibyte,
  ];
  const widths = [7, 12, 10, 10, 11, 20];
  console.log(`${columns.map((value, n) => Math.round(value).toLocaleString('en').padStart(widths[n])).join('')}   ${off.join(' / ')}`);
  before = now;
}
const code = await daemon.stop();
console.log(`ended with ${code}; ledgers out of balance at ${imbalances} looks`);
process.exitCode = code === 0 && imbalances === 0 ? 0 : 1;
