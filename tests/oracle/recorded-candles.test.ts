import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../support/shared-data.ts';
import { foldLog } from './fold.ts';
import type { OracleBar, OracleSettings } from './log.ts';
import { readRows, readTrades } from './read-files.ts';

const folder = sharedData('binance-xrp-eth', 'the oracle against the candles of a real exchange');
const settings: OracleSettings = {
  specs: ['1m', '5m', '1h', '1d'],
  outOfOrdernessMs: 0, allowedLatenessMs: 0, maxFutureSkewMs: 0, maxJumpMs: Infinity,
  ids: 'monotone', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: true,
  fromMs: null, untilMs: null,
};

describe.skipIf(folder === null)('the oracle, over trades that an exchange has made candles of', () => {
  const trades = folder === null ? [] : readTrades(join(folder, 'trades.csv.gz'), 'binance', 'XRPETH');
  const { bars, ledger } = foldLog([...trades, { kind: 'end', position: trades.length }], settings);
  const barsOf = (spec: string): Map<number, OracleBar> =>
    new Map(bars.filter((bar) => bar.spec === spec).map((bar) => [bar.openTimeMs, bar]));

  const cases = [
    { spec: '1m', withTrades: 2_469, without: 1_091 },
    { spec: '5m', withTrades: 706, without: 6 },
  ];
  it.each(cases)('finds $withTrades candles of $spec with trades, $without without', (wanted) => {
    const { spec, withTrades, without } = wanted;
    const own = barsOf(spec);
    let equal = 0;
    let carried = 0;
    let close = NaN;
    for (const row of readRows(join(folder!, `candles-${spec}.csv.gz`))) {
      const candle = ['open', 'high', 'low', 'close', 'volume'].map((name) => Number(row[name]));
      const bar = own.get(Number(row['open_time_ms']));
      const mine = bar ?? { open: close, high: close, low: close, close, volume: 0 };
      expect([mine.open, mine.high, mine.low, mine.close, mine.volume], row['open_time_ms']).toEqual(candle);
      close = candle[3]!;
      if (bar === undefined) carried += 1;
      else equal += 1;
    }
    expect([equal, carried, own.size]).toEqual([withTrades, without, withTrades]);
  });

  it('loses nothing: hours and days hold the same volume', () => {
    expect(ledger).toMatchObject({ received: 12_477, aggregated: 12_477 });
    expect(barsOf('1h').size).toBe(60);
    for (const spec of settings.specs) {
      expect([...barsOf(spec).values()].reduce((sum, bar) => sum + bar.volume, 0)).toBe(5_545_735);
    }
  });
});
