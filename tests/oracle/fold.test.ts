import { describe, expect, it } from 'vitest';
import type { OracleResult } from './fold.ts';
import { foldLog } from './fold.ts';
import type { LogGap, LogRecord, LogTick, OracleBar, OracleSettings } from './log.ts';

const minute = 60_000;
const noon = Date.UTC(2024, 0, 1, 12);
const plain: OracleSettings = {
  specs: ['1m'], outOfOrdernessMs: 2_000, allowedLatenessMs: 10_000, maxFutureSkewMs: 300_000,
  maxJumpMs: 7 * 24 * 60 * minute, ids: 'absent', zeroSize: 'reject', nonPositivePrice: 'reject',
  offMarket: 'exclude', complete: true, fromMs: null, untilMs: null,
};

type Part =
  | (Partial<LogTick> & { at: number })
  | (Omit<Partial<LogGap>, 'fromMs' | 'untilMs'> & { from: number; until: number })
  | 'end';

/**
 * Fills in what a case does not care about. `at`, `from` and `until` are ms after noon; positions count from
 * 0.
 */
function fold(parts: readonly Part[], settings: Partial<OracleSettings> = {}): OracleResult {
  const log = parts.map((part, position): LogRecord => {
    if (part === 'end') return { kind: 'end', position };
    if ('from' in part) {
      const { from, until, ...rest } = part;
      return {
        kind: 'gap', position, venue: 'all', symbols: 'all', reason: 'venue-outage', barSpec: null,
        ...rest, fromMs: noon + from, untilMs: noon + until,
      };
    }
    const { at, ...rest } = part;
    return {
      kind: 'tick', position, venue: 'V', symbol: 'S', price: 1, size: 1, side: 'unknown', tradeId: null,
      logTimeMs: null, receivedTimeMs: noon + 1_000 * minute, offMarket: false, eventTimeMs: noon + at,
      ...rest,
    };
  });
  return foldLog(log, { ...plain, ...settings });
}

function only(result: OracleResult): OracleBar {
  expect(result.bars).toHaveLength(1);
  return result.bars[0];
}

describe('a bar', () => {
  it('takes open and close in order of event time, ties in order of the log', () => {
    const parts: Part[] = [
      { at: 5, price: 2 }, { at: 3, price: 7 }, { at: 3, price: 8 }, { at: 5, price: 4 }, 'end',
    ];
    expect(only(fold(parts))).toMatchObject({ open: 7, high: 8, low: 2, close: 4, trades: 4 });
  });

  it('breaks ties by trade id where ids are monotone', () => {
    const parts: Part[] = [{ at: 3, tradeId: 9, price: 1 }, { at: 3, tradeId: 4, price: 2 }, 'end'];
    expect(only(fold(parts, { ids: 'monotone' }))).toMatchObject({ open: 2, close: 1 });
    expect(only(fold(parts, { ids: 'unique' }))).toMatchObject({ open: 1, close: 2 });
  });

  it('adds exactly, by side', () => {
    const bar = only(fold([
      { at: 1, size: 0.1, price: 10, side: 'buy' },
      { at: 2, size: 0.2, price: 20, side: 'sell' },
      { at: 3, size: 0.3, price: 5 },
      'end',
    ]));
    expect(bar).toMatchObject({ volume: 0.6, buyVolume: 0.1, sellVolume: 0.2, notional: 6.5 });
    expect(bar.vwap).toBeCloseTo(6.5 / 0.6, 12);
  });

  it('is closed by the tick that takes the watermark to its end, and stamped with its position', () => {
    const parts: Part[] = [{ at: 0 }, { at: minute + 1_999 }, { at: minute + 2_000 }];
    const { bars } = fold(parts);
    expect(bars).toMatchObject([{ openTimeMs: noon, position: 2, revision: 0, state: 3 }]);
    expect(fold(parts.slice(0, 2)).bars).toEqual([]);
  });

  it('is closed by the end of its log', () => {
    expect(only(fold([{ at: 0 }, 'end']))).toMatchObject({ position: 1 });
  });

  it('is not closed by another venue', () => {
    const { bars } = fold([{ at: 0, venue: 'A' }, { at: 5 * minute, venue: 'B' }]);
    expect(bars).toEqual([]);
  });

  it('is revised by a tick behind its close, up to the lateness horizon', () => {
    const parts: Part[] = [{ at: 50_000 }, { at: minute + 12_000 }, { at: minute }, { at: minute - 1 }];
    const result = fold(parts, { allowedLatenessMs: 10_001 });
    expect(result.bars).toMatchObject([{ openTimeMs: noon, trades: 2, revision: 1, position: 3 }]);
    expect(fold(parts).ledger).toMatchObject({ late: 1, aggregated: 3 });
    expect(fold(parts).lateTicks).toMatchObject([{ position: 3, watermarkMs: noon + minute + 10_000 }]);
  });

  it('is revised from the very tick on that closes it', () => {
    const parts: Part[] = [{ at: 0 }, { at: minute + 2_000 }, { at: 55_000 }];
    expect(fold(parts).bars).toMatchObject([{ revision: 1, position: 2 }]);
    expect(fold([{ at: 0 }, { at: minute + 1_999 }, { at: 55_000 }, 'end']).bars).toMatchObject([{ revision: 0 }, {}]);
  });

  it('can be made by a late tick, which is its first revision', () => {
    const { bars } = fold([{ at: minute + 5_000 }, { at: 59_000 }]);
    expect(bars).toMatchObject([{ openTimeMs: noon, trades: 1, revision: 1, position: 1 }]);
  });

  it('counts revisions spec by spec', () => {
    const parts: Part[] = [{ at: 0 }, { at: 5_000 }, { at: 500 }, { at: 2 * minute }];
    const { bars } = fold(parts, { specs: ['1s', '1m'] });
    const first = bars.filter((bar) => bar.openTimeMs === noon);
    expect(first).toMatchObject([{ spec: '1m', revision: 0 }, { spec: '1s', revision: 1, trades: 2 }]);
  });
});

describe('a tick', () => {
  it('is judged late before it is judged a duplicate', () => {
    const twice: Part = { at: 0, tradeId: 1 };
    const parts: Part[] = [twice, twice, { at: minute, tradeId: 2 }, twice];
    expect(fold(parts, { ids: 'unique' }).ledger).toMatchObject({ aggregated: 2, duplicate: 1, late: 1 });
  });

  it('is no duplicate of one that was late, or of another symbol', () => {
    const parts: Part[] = [
      { at: minute, tradeId: 1 }, { at: 0, tradeId: 2 }, { at: minute, tradeId: 2 },
      { at: minute, tradeId: 1, symbol: 'T' },
    ];
    expect(fold(parts, { ids: 'unique' }).ledger).toMatchObject({ aggregated: 3, duplicate: 0, late: 1 });
  });

  it('without a usable price or size is rejected, off the market excluded', () => {
    const { ledger } = fold([
      { at: 0, price: NaN }, { at: 0, price: 0 }, { at: 0, price: 1e101 }, { at: -2 * noon }, { at: NaN },
      { at: 0, size: -1 }, { at: 0, size: NaN }, { at: 0, size: Infinity }, { at: 0, size: 0 },
      { at: 0, offMarket: true }, { at: 0 }, 'end',
    ]);
    expect(ledger).toEqual({
      received: 11, aggregated: 1, duplicate: 0, late: 0, excluded: 1, held: 0,
      rejected: { 'bad-price': 3, 'bad-size': 4, 'bad-time': 2 },
    });
  });

  it('of size 0 sets prices and adds no volume where it is accepted', () => {
    const bar = only(fold([{ at: 0, price: 3, size: 0 }, 'end'], { zeroSize: 'accept' }));
    expect(bar).toMatchObject({ open: 3, volume: 0, notional: 0, vwap: null, trades: 1 });
  });

  it('far ahead of its record is rejected, to the millisecond', () => {
    const parts: Part[] = [{ at: 300_000, logTimeMs: noon }, { at: 300_001, logTimeMs: noon }];
    expect(fold(parts).ledger).toMatchObject({ aggregated: 1, rejected: { 'future-skew': 1 } });
    const { ledger } = fold([{ at: 300_001, logTimeMs: noon, offMarket: true }]);
    expect(ledger).toMatchObject({ excluded: 1, rejected: {} });
  });
});

describe('a jump', () => {
  const leap = 30 * 24 * 60 * minute;

  it('is held until three later times confirm it, and takes the position of the third', () => {
    const parts: Part[] = [{ at: 0 }, { at: leap }, { at: leap }, { at: leap + 1 }, { at: leap + 1 }];
    expect(fold(parts).ledger).toMatchObject({ held: 4, aggregated: 1 });
    const { bars, ledger } = fold([...parts, { at: leap + 2 }]);
    expect(ledger).toMatchObject({ held: 0, aggregated: 6 });
    expect(bars).toMatchObject([{ openTimeMs: noon, position: 5 }]);
  });

  it('is held too where the times of the log go along with it', () => {
    expect(fold([{ at: 0 }, { at: leap, logTimeMs: noon + leap }]).ledger).toMatchObject({ held: 1 });
  });

  it('is rejected when three in the old time contradict it', () => {
    const parts: Part[] = [{ at: 0 }, { at: leap }, { at: 1 }, { at: 1 }, { at: 1 }];
    expect(fold(parts).ledger).toMatchObject({ held: 0, aggregated: 4, rejected: { 'time-jump': 1 } });
    expect(fold(parts.slice(0, 4)).ledger).toMatchObject({ held: 1 });
  });

  it('may be the first tick, measured against our clock', () => {
    const receivedTimeMs = noon - 300_000;
    expect(fold([{ at: 0, receivedTimeMs }]).ledger).toMatchObject({ held: 0, aggregated: 1 });
    expect(fold([{ at: 1, receivedTimeMs }]).ledger).toMatchObject({ held: 1, aggregated: 0 });
  });

  it('is released by the end of the log, before that closes its bars', () => {
    const { bars, ledger } = fold([{ at: 0 }, { at: leap }, 'end']);
    expect(ledger).toMatchObject({ held: 0, aggregated: 2 });
    expect(bars).toMatchObject([{ openTimeMs: noon, position: 2 }, { openTimeMs: noon + leap, position: 2 }]);
  });
});

describe('a gap', () => {
  it('marks the bars it touches, ends excluded', () => {
    const gap: Part = { from: minute, until: 2 * minute };
    const parts: Part[] = [{ at: 0 }, { at: minute }, { at: 2 * minute }, gap, 'end'];
    expect(fold(parts).bars.map((bar) => bar.quality)).toEqual([0, 2, 0]);
  });

  it('keeps a bar whole only when no other reading of the log would find more', () => {
    const parts = (reason: string): Part[] => [{ at: 0 }, { from: 0, until: 1, reason }, 'end'];
    expect(only(fold(parts('venue-outage')))).toMatchObject({ quality: 2, whole: true });
    expect(only(fold(parts('restart')))).toMatchObject({ quality: 2, whole: false });
  });

  it('reaches closed bars until they are settled, and stamps those it changed', () => {
    const before: Part[] = [{ at: 0 }, { at: minute + 11_999 }];
    const gap: Part = { from: 0, until: 1 };
    expect(fold([...before, gap, gap]).bars).toMatchObject([{ quality: 2, position: 2 }]);
    expect(fold([...before, { at: minute + 12_000 }, gap]).bars).toMatchObject([{ quality: 0, position: 1 }]);
  });

  it('concerns only its venue, symbols and spec', () => {
    const ticks: Part[] = [{ at: 0 }, { at: 0, symbol: 'T' }, { at: 0, venue: 'W' }];
    const qualities = (gap: Part): string[] =>
      fold([...ticks, gap, 'end']).bars.map((bar) => `${bar.venue}${bar.symbol}${bar.quality}`);
    expect(qualities({ from: 0, until: 1, venue: 'V' })).toEqual(['VS2', 'VT2', 'WS0']);
    expect(qualities({ from: 0, until: 1, venue: 'V', symbols: ['T'] })).toEqual(['VS0', 'VT2', 'WS0']);
    expect(qualities({ from: 0, until: 1, barSpec: '5m' })).toEqual(['VS0', 'VT0', 'WS0']);
  });
});

describe('a lane with bounds', () => {
  const from = { fromMs: noon + minute };
  const until = { untilMs: noon + 2 * minute };

  it('folds what lies within them, and excludes the rest', () => {
    const parts: Part[] = [{ at: minute - 1 }, { at: minute }, { at: 2 * minute - 0.001 }, { at: 2 * minute }, 'end'];
    const result = fold(parts, { ...from, ...until });
    expect(only(result)).toMatchObject({ openTimeMs: noon + minute, trades: 2 });
    expect(result.ledger).toMatchObject({ excluded: 2, aggregated: 2, received: 4 });
  });

  it('goes by the time that ticks beyond them show: these close bars and make others late', () => {
    const parts: Part[] = [
      { at: minute }, { at: 2 * minute + 2_000 }, { at: minute + 55_000 }, { at: 3 * minute }, { at: minute + 55_001 },
    ];
    const result = fold(parts, until);
    expect(only(result)).toMatchObject({ trades: 2, revision: 1, position: 2 });
    expect(result.ledger).toMatchObject({ excluded: 2, aggregated: 2, late: 1 });
  });

  it('is not moved by ticks that cannot be used or believed', () => {
    const parts: Part[] = [{ at: minute }, { at: 3 * minute, size: -1 }, { at: 30 * 24 * 60 * minute }];
    const { bars, ledger } = fold(parts, until);
    expect(bars).toEqual([]);
    expect(ledger).toMatchObject({ rejected: { 'bad-size': 1 }, held: 1, excluded: 0 });
  });

  it('has a whole first bar when its log begins long enough before it', () => {
    const wholeness = (first: number): boolean[] =>
      fold([{ at: first }, { at: minute }, { at: 3 * minute }], { ...from, complete: false }).bars.map((bar) => bar.whole);
    expect(wholeness(minute - 2_000)).toEqual([true]);
    expect(wholeness(minute - 1_999)).toEqual([false]);
  });

  it('neither keeps late ticks of another, nor remembers their ids', () => {
    const parts: Part[] = [
      { at: 0, tradeId: 1 }, { at: 2 * minute, tradeId: 2 }, { at: 0, tradeId: 3 }, { at: 2 * minute, tradeId: 1 },
    ];
    expect(fold(parts, { ...from, ids: 'unique' }).ledger)
      .toMatchObject({ excluded: 2, late: 0, duplicate: 0, aggregated: 2 });
  });
});

describe('the beginning of a log', () => {
  it('makes bars partial that may have begun before it', () => {
    const parts: Part[] = [{ at: minute - 2_000 }, { at: minute }, { at: 2 * minute }, { at: 4 * minute }];
    const { bars } = fold(parts, { complete: false });
    expect(bars.map((bar) => [bar.quality, bar.whole])).toEqual([[1, false], [0, true], [0, true]]);
    const later = fold([{ at: minute - 1_999 }, ...parts.slice(1)], { complete: false });
    expect(later.bars.map((bar) => bar.quality)).toEqual([1, 1, 0]);
  });

  it('does not when the log is complete', () => {
    expect(fold([{ at: 59_000 }, { at: 2 * minute }]).bars).toMatchObject([{ quality: 0, whole: true }]);
  });
});
