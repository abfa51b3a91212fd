/**
 * The oracle as a script, for eyes: `node tests/oracle/main.ts TRADES.csv[.gz] 1m 1h …` prints the bars of a
 * trade file (`trade_id,event_time_ms,side,price,size`) as CSV.
 */
import { foldLog } from './fold.ts';
import type { OracleBar } from './log.ts';
import { readTrades } from './read-files.ts';

const [path, ...specs] = process.argv.slice(2);
if (path === undefined || specs.length === 0) {
  console.error('Say which file and which bars: node tests/oracle/main.ts trades.csv.gz 1m 1h');
  process.exit(2);
}

const trades = readTrades(path, 'venue', 'symbol');
const { bars, ledger } = foldLog([...trades, { kind: 'end', position: trades.length }], {
  specs, outOfOrdernessMs: 0, allowedLatenessMs: 0, maxFutureSkewMs: 0, maxJumpMs: Infinity,
  ids: 'unique', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: true,
  fromMs: null, untilMs: null,
});
const columns: readonly (keyof OracleBar)[] = [
  'spec', 'openTimeMs', 'closeTimeMs', 'open', 'high', 'low', 'close', 'volume', 'notional', 'vwap', 'trades',
  'buyVolume', 'sellVolume',
];
console.log(columns.join(','));
for (const bar of bars) console.log(columns.map((column) => String(bar[column] ?? '')).join(','));
console.error(JSON.stringify(ledger));
