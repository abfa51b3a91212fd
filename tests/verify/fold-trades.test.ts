import { describe, expect, it } from 'vitest';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Source } from '../../src/sources/source.ts';
import { verify } from '../../src/verify.ts';
import type { Expectation, StoredBars, VerifiedBar } from '../../src/verify/expectation.ts';
import { foldOfTrades, type TradeFold } from '../../src/verify/fold-trades.ts';
import { batchOf } from '../support/batches.ts';

const noonMs = Date.UTC(2024, 0, 1, 12);
const minute = 60_000;

function bar(index: number, values: VerifiedBar['values']): VerifiedBar {
  return { openTimeMs: noonMs + index * minute, values, filled: false };
}

const flat = (price: number, volume: number): VerifiedBar['values'] =>
  ({ open: price, high: price, low: price, close: price, volume });

function tableOf(bars: readonly VerifiedBar[]): StoredBars {
  return {
    async *read() {
      yield* bars;
    },
  };
}

describe('stored bars against a fresh fold of trades', () => {
  const specs = parseBarSpecs(['1m', '5m']);
  const bars = {
    specs: ['1m', '5m'], out_of_orderness_ms: 2_000, allowed_lateness_ms: 10_000, max_future_skew_ms: 300_000,
    max_jump_ms: 7 * 1_440 * minute, idle_ms: 5_000,
  };
  const admission = { ids: 'absent', zero_size: 'reject', off_market: 'exclude', nonpositive_price: 'reject' } as const;

  /** Trades at 0 s, 30 s, 90 s and 150 s after noon, at 10, 12, 11 and 13. */
  function tradesOf(instruments: InstrumentTable): Source {
    return {
      name: 'trades', pausable: true,
      async *read(resume) {
        const { lane } = await resume.take({ logIdentity: 'trades', repeatable: true });
        const instrument = instruments.intern('binance', 'XRPETH');
        const ticks = [[0, 10], [30, 12], [90, 11], [150, 13]] as const;
        yield batchOf(lane, ticks.map(([seconds, price]) => (
          { instrument, price, size: 0.5, side: 1, eventTimeMs: noonMs + seconds * 1_000 })));
      },
    };
  }

  async function fold(overrides: Partial<TradeFold> = {}, spec = '1m'): Promise<Expectation> {
    const instruments = new InstrumentTable();
    const source = tradesOf(instruments);
    const given = { name: 'trades.csv', source, instruments, specs, bars, admission, complete: true, ...overrides };
    return foldOfTrades(given, { venue: 'binance', symbol: 'XRPETH', spec });
  }

  const options = { venue: 'binance', symbol: 'XRPETH', spec: '1m', fill: 'none' } as const;
  const stored = (index: number, values: VerifiedBar['values'], trades: number): VerifiedBar => bar(index, {
    ...values, close_time: noonMs + (index + 1) * minute, vwap: (values.notional ?? 0) / (values.volume ?? 0),
    trades, buy_volume: values.volume ?? 0, sell_volume: 0, quality: 0, revision: 0, whole: 1,
  });
  const table = [
    stored(0, { open: 10, high: 12, low: 10, close: 12, volume: 1, notional: 11 }, 2),
    stored(1, { ...flat(11, 0.5), notional: 5.5 }, 1),
    stored(2, { ...flat(13, 0.5), notional: 6.5 }, 1),
  ];

  it('agree in every field but the stamp', async () => {
    const report = await verify(options, await fold(), tableOf(table));
    expect(report.differences).toEqual([]);
    expect(report).toMatchObject({ equal: 3, fromMs: noonMs, untilMs: noonMs + 3 * minute });
    expect(report.against).toBe('a fresh fold of trades.csv by this program');
  });

  it.each(['close_time', 'vwap', 'trades', 'buy_volume', 'sell_volume', 'quality', 'revision', 'whole'] as const)(
    'show a %s that was changed in the table', async (column) => {
      const spoilt = { ...table[1], values: { ...table[1].values, [column]: 99 } };
      const report = await verify(options, await fold(), tableOf([table[0], spoilt, table[2]]));
      expect(report.differences.map((difference) => difference.column)).toEqual([column]);
    });

  it('are not held against bars of which the log holds only a part', async () => {
    const report = await verify(options, await fold({ complete: false }), tableOf([table[1]]));
    expect(report).toMatchObject({ equal: 1, fromMs: noonMs + minute, untilMs: noonMs + 2 * minute, missing: 0 });
  });

  it('cannot be compared where nothing comes of the fold, or the spec is not computed', async () => {
    await expect(fold({ complete: false }, '5m')).rejects.toMatchObject({ code: 'source-malformed' });
    await expect(fold({}, '1h')).rejects.toThrow('1h is not one of bars.specs (1m, 5m)');
  });
});
