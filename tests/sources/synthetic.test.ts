import { describe, expect, it } from 'vitest';
import { readAll, syntheticOf, type Seen, type SeenTick } from './reading.ts';

const startTimeMs = 1_700_000_000_000;

function share<T>(items: readonly T[], of: (item: T, index: number) => boolean): number {
  return items.filter(of).length / items.length;
}

/** Event time minus the newest event time before it. */
function backwards(ticks: readonly SeenTick[]): number[] {
  let newest = -Infinity;
  return ticks.map(({ eventTimeMs }) => {
    newest = Math.max(newest, eventTimeMs);
    return newest - eventTimeMs;
  });
}

describe('the generator', () => {
  it('gives the same ticks for the same seed, settings and start, and others for another', async () => {
    const read = (wishes: Parameters<typeof syntheticOf>[0], start = startTimeMs): Promise<Seen> =>
      readAll(syntheticOf({ count: 300, ...wishes }), { startTimeMs: start });
    const first = await read({ seed: 1 });
    expect((await read({ seed: 1 })).ticks).toEqual(first.ticks);
    expect((await read({ seed: 2 })).ticks).not.toEqual(first.ticks);
    const later = await read({ seed: 1 }, startTimeMs + 5_000);
    expect(later.ticks).toEqual(
      first.ticks.map((tick) => ({ ...tick, eventTimeMs: tick.eventTimeMs + 5_000 })),
    );
  });

  it('keeps to the rate that was asked for, with bursts or without', async () => {
    for (const bursts of [{ burst_share: 0 }, { burst_share: 0.5, burst_ticks: 20, burst_factor: 50 }]) {
      const { ticks } = await readAll(syntheticOf({ count: 100_000, ticks_per_second: 5_000, ...bursts }));
      const seconds = (ticks.at(-1)!.eventTimeMs - startTimeMs) / 1_000;
      expect(ticks.length / seconds).toBeGreaterThan(4_750);
      expect(ticks.length / seconds).toBeLessThan(5_250);
    }
  });

  it('lets ticks arrive at random: the gaps of a Poisson process spread as much as they are long', async () => {
    const gapsOf = async (burst_share: number): Promise<number[]> => {
      const { ticks } = await readAll(
        syntheticOf({ count: 50_000, ticks_per_second: 10, burst_share, burst_factor: 50 }),
      );
      return ticks.slice(1).map(({ eventTimeMs }, index) => eventTimeMs - ticks[index].eventTimeMs);
    };
    const variation = (gaps: readonly number[]): number => {
      const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
      return Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean;
    };
    expect(variation(await gapsOf(0))).toBeGreaterThan(0.97);
    expect(variation(await gapsOf(0))).toBeLessThan(1.03);
    expect(variation(await gapsOf(0.5))).toBeGreaterThan(1.3);
  });

  it('has every symbol on every venue, each about as often', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 30_000, symbols: 5, venues: 3, venue: 'here' }));
    const counts = Map.groupBy(ticks, ({ venue, symbol }) => `${venue} ${symbol}`);
    expect([...counts.keys()].sort()[0]).toBe('here-1 SYN001');
    expect(counts.size).toBe(15);
    for (const [name, of] of counts) expect(Math.abs(of.length - 2_000), name).toBeLessThan(250);
  });

  it('walks prices in whole steps, each equal to its decimal text, and positive for ever', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 200_000, symbols: 2, price_step_bps: 100 }));
    const bySymbol = Map.groupBy(ticks, ({ symbol }) => symbol);
    for (const of of bySymbol.values()) {
      const decimals = Math.max(...of.map(({ price }) => (String(price).split('.')[1] ?? '').length));
      for (const { price, size } of of) {
        expect(price === Number(price.toFixed(decimals)) && price > 0 && size > 0).toBe(true);
      }
      expect(
        Math.max(...of.map(({ price }) => price)) / Math.min(...of.map(({ price }) => price)),
      ).toBeGreaterThan(2);
    }
  });

  it('changes prices by the deviation that was asked for', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 50_000, symbols: 1, price_step_bps: 20 }));
    const steps = ticks.slice(1).map(({ price }, index) => Math.log(price / ticks[index].price) * 10_000);
    const deviation = Math.sqrt(steps.reduce((sum, step) => sum + step ** 2, 0) / steps.length);
    expect(deviation).toBeGreaterThan(19.5);
    expect(deviation).toBeLessThan(20.5);
  });

  it('has both sides, and sizes of one lot up to thousands', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 20_000, symbols: 1 }));
    expect(Math.abs(share(ticks, ({ side }) => side === 1) - 0.5)).toBeLessThan(0.02);
    expect(new Set(ticks.map(({ side }) => side))).toEqual(new Set([1, 2]));
    const sizes = ticks.map(({ size }) => size);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(1_000);
  });
});

describe('trade ids of the generator', () => {
  it('count upwards for each symbol where they are monotone, and order ticks', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 5_000, symbols: 3, ids: 'monotone' }));
    for (const of of Map.groupBy(ticks, ({ symbol }) => symbol).values()) {
      expect(of.map(({ tradeId }) => tradeId)).toEqual(of.map((_, index) => index + 1));
      expect(of.map(({ order }) => order)).toEqual(of.map((_, index) => index + 1));
    }
  });

  it('are unique, and in no order, where they are only unique', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 5_000, symbols: 1, ids: 'unique' }));
    const ids = ticks.map(({ tradeId }) => Number(tradeId));
    expect(new Set(ids).size).toBe(5_000);
    expect(ids).not.toEqual([...ids].sort((a, b) => a - b));
    expect(ticks.every(({ order, position }) => order === position)).toBe(true);
  });

  it('are not there where they are absent', async () => {
    const { ticks } = await readAll(syntheticOf({ count: 10, ids: 'absent' }));
    expect(ticks.every(({ tradeId }) => tradeId === null)).toBe(true);
  });
});

describe('faults of the generator', () => {
  const count = 40_000;

  it('disorder moves its share of the ticks back by at most its bound', async () => {
    const { ticks } = await readAll(
      syntheticOf({ count, disorder_share: 0.2, disorder_ms: 400, ticks_per_second: 10_000 }),
    );
    const back = backwards(ticks);
    expect(Math.abs(share(back, (ms) => ms > 0) - 0.2)).toBeLessThan(0.02);
    expect(Math.max(...back)).toBeLessThanOrEqual(402);
    expect(Math.max(...back)).toBeGreaterThan(350);
  });

  it('lateness moves its share beyond its bound and at most twice as far', async () => {
    const { ticks } = await readAll(
      syntheticOf({ count, late_share: 0.05, late_ms: 3_000, ticks_per_second: 10_000 }),
    );
    const late = backwards(ticks).filter((ms) => ms > 0);
    expect(Math.abs(late.length / count - 0.05)).toBeLessThan(0.01);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(2_990);
    expect(Math.max(...late)).toBeLessThanOrEqual(6_005);
  });

  it('duplicates repeat a recent tick in everything but its position', async () => {
    const { ticks } = await readAll(syntheticOf({ count, duplicate_share: 0.1 }));
    const seen = new Map<string, SeenTick>();
    let repeated = 0;
    for (const tick of ticks) {
      const first = seen.get(`${tick.symbol} ${tick.tradeId}`);
      if (first === undefined) seen.set(`${tick.symbol} ${tick.tradeId}`, tick);
      else {
        repeated++;
        expect({ ...tick, position: 0 }).toEqual({ ...first, position: 0 });
      }
    }
    expect(Math.abs(repeated / count - 0.1)).toBeLessThan(0.01);
  });

  it('poison lies at least 30 days ahead, and the ticks after it do not', async () => {
    const { ticks } = await readAll(syntheticOf({ count, poison_share: 0.01 }));
    const poisoned = ticks.filter(({ eventTimeMs }) => eventTimeMs > startTimeMs + 10 * 86_400_000);
    expect(Math.abs(poisoned.length / count - 0.01)).toBeLessThan(0.003);
    expect(Math.min(...poisoned.map(({ eventTimeMs }) => eventTimeMs))).toBeGreaterThan(
      startTimeMs + 29 * 86_400_000,
    );
  });

  it('an outage silences one venue, and the log says so once it is back', async () => {
    const made = syntheticOf({
      count,
      venues: 3,
      symbols: 4,
      ticks_per_second: 1_000,
      outage_every_s: 4,
      outage_s: 2,
    });
    const { ticks, gaps } = await readAll(made);
    expect(gaps.length).toBeGreaterThan(3);
    for (const gap of gaps) {
      expect(gap).toMatchObject({ reason: 'venue-outage', instruments: 'all', ticksLost: 0 });
      expect(gap.untilMs - gap.fromMs).toBe(2_000);
      const venue = made.instruments.venueName(Number(gap.venue));
      const during = ticks.filter(
        ({ eventTimeMs }) => eventTimeMs >= gap.fromMs && eventTimeMs < gap.untilMs - 1,
      );
      expect(during.some((tick) => tick.venue === venue)).toBe(false);
      expect(during.length).toBeGreaterThan(500);
      const before = ticks.filter(({ position }) => position < gap.position);
      expect(before.at(-1)!.eventTimeMs).toBeLessThanOrEqual(gap.untilMs);
    }
    expect(new Set(gaps.map(({ venue }) => venue)).size).toBeGreaterThan(1);
  });

  it('an outage of the only venue silences everything, at any rate', async () => {
    const made = syntheticOf({ count: 3_000, ticks_per_second: 1_000, outage_every_s: 1, outage_s: 100_000_000 });
    const { ticks, gaps } = await readAll(made);
    expect(gaps.length).toBeGreaterThan(1);
    for (const { fromMs, untilMs } of gaps) {
      expect(untilMs - fromMs).toBe(100_000_000_000);
      expect(ticks.some(({ eventTimeMs }) => eventTimeMs >= fromMs && eventTimeMs < untilMs - 1)).toBe(false);
    }
  });

  it('whose shares come to more than 1 are refused', () => {
    expect(() => syntheticOf({ late_share: 0.6, disorder_share: 0.6 })).toThrow(/add up to 1\.2/);
  });

  it('of the speed are refused', () => {
    for (const speed of ['', 'fast', '0', '-1', 'NaN'])
      expect(() => syntheticOf({ speed }), speed).toThrow(/neither "max" nor/);
  });
});
