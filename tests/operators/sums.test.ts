import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactSum, exactSumOfProducts } from '../oracle/exact.ts';
import { FoldRig, type TestBar, type TestTick } from './fold-rig.ts';

const decimal = fc.tuple(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: 0, max: 12 })).map(([digits, zeros]) => digits / 10 ** zeros);
const trades = fc.array(fc.record({
  at: fc.integer({ min: 0, max: 119_999 }), price: decimal, size: decimal, side: fc.integer({ min: 0, max: 2 }),
}), { minLength: 1, maxLength: 400, size: 'max' });

function fold(ticks: readonly TestTick[]): readonly TestBar[] {
  const settings = { out_of_orderness_ms: 0, allowed_lateness_ms: 120_000 };
  const rig = new FoldRig({ specs: ['1s', '1m', '2m'], settings });
  for (let n = 0; n < ticks.length; n += 50) rig.take(ticks.slice(n, n + 50));
  return [...rig.end().final.values()];
}

describe('sums', () => {
  it('are what exact arithmetic gives, rounded once: of base bars and of bars rolled up from them', () => {
    fc.assert(fc.property(trades, (ticks) => {
      for (const bar of fold(ticks)) {
        const own = ticks.filter(({ at }) => at >= bar.openAt && at < bar.closeAt);
        expect(bar.notional).toBe(exactSumOfProducts(own.map(({ price, size }) => [price, size] as const)));
        expect(bar.volume).toBe(exactSum(own.map(({ size }) => size)));
        expect(bar.buyVolume).toBe(exactSum(own.filter(({ side }) => side === 1).map(({ size }) => size)));
        expect(bar.sellVolume).toBe(exactSum(own.filter(({ side }) => side === 2).map(({ size }) => size)));
      }
    }), { numRuns: 60 });
  });

  it('lose no small trade beside a huge one', () => {
    const [bar] = fold([{ at: 0, price: 1, size: 1e16 }, ...Array.from({ length: 64 }, () => ({ at: 1, price: 1, size: 0.5 }))]);
    expect(bar).toMatchObject({ volume: 1e16 + 32, notional: 1e16 + 32 });
  });

  it('stay finite at the largest prices and sizes that are admitted', () => {
    const [bar] = fold(Array.from({ length: 100 }, () => ({ at: 0, price: 1e100, size: 1e100 })));
    expect(bar.notional / 1e202).toBeCloseTo(1, 12);
  });
});

describe('the roll-up law', () => {
  it('holds: a coarser bar is first, max, min, last and sum of its children, its quality the worst of theirs', () => {
    fc.assert(fc.property(trades, (ticks) => {
      const bars = fold(ticks);
      for (const parent of bars.filter(({ spec }) => spec !== '1s')) {
        const children = bars.filter(({ spec, openAt }) => spec === '1s' && openAt >= parent.openAt && openAt < parent.closeAt)
          .sort((a, b) => a.openAt - b.openAt);
        expect(parent).toMatchObject({
          open: children[0].open, close: children.at(-1)!.close,
          high: Math.max(...children.map(({ high }) => high)), low: Math.min(...children.map(({ low }) => low)),
          trades: children.reduce((sum, child) => sum + child.trades, 0),
          quality: Math.max(...children.map(({ quality }) => quality)),
        });
        expect(parent.volume).toBeCloseTo(exactSum(children.map(({ volume }) => volume)), 6);
      }
    }), { numRuns: 40 });
  });
});
