import type { Database, Limit } from '../postgres.ts';
import { streamBars } from '../store/bars.ts';
import type { FilledBar } from '../store/fill.ts';
import type { StoredBars, VerifiedBar } from './expectation.ts';

/** Bars of the table, read in pages. `limit` is for each page. */
export function storedBars(database: Database, limit: Limit): StoredBars {
  return {
    async *read(query) {
      for await (const bar of streamBars(database, limit, query)) yield verifiedBar(bar);
    },
  };
}

function verifiedBar(bar: FilledBar): VerifiedBar {
  const { open, high, low, close, volume, notional, vwap, trades, quality, state, revision, position } = bar;
  return {
    openTimeMs: bar.openTimeMs, filled: bar.filled,
    values: {
      close_time: bar.closeTimeMs, open, high, low, close, volume, notional, vwap, trades,
      buy_volume: bar.buyVolume, sell_volume: bar.sellVolume,
      quality, state, revision, whole: bar.whole ? 1 : 0, position,
    },
  };
}
