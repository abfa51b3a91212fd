import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { LogTick } from './log.ts';

/** Rows of a plain comma-separated file without quotes, by the names in its header. */
export function readRows(path: string): Record<string, string>[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header, ...lines] = text.trimEnd().split('\n').map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(header.map((name, column) => [name, cells[column]])));
}

/** Trades of `trade_id,event_time_ms,side,price,size`, numbered from 0 in the order of the file. */
export function readTrades(path: string, venue: string, symbol: string): LogTick[] {
  return readRows(path).map((row, position) => ({
    kind: 'tick', position, venue, symbol,
    price: Number(row['price']),
    size: Number(row['size']),
    side: row['side'] === 'buy' || row['side'] === 'sell' ? row['side'] : 'unknown',
    eventTimeMs: Number(row['event_time_ms']),
    tradeId: Number(row['trade_id']),
    logTimeMs: null,
    receivedTimeMs: Infinity,
    offMarket: false,
  }));
}
