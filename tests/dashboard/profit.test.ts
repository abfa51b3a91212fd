import { describe, expect, it } from 'vitest';
import { profitOf, totalOf } from '../../src/dashboard/tabs/portfolio/profit.ts';

const position = (symbol: string, size: number, entry: number) => ({
  id: symbol, venue: 'v', symbol, size, entry_price: entry, note: '', entry_time: '2026-03-14T00:00:00.000Z', revision: 1,
});
const marksOf = (prices: Readonly<Record<string, number>>, atMs = 1_000) => new Map(Object.entries(prices).map(([symbol, price], index) => (
  [`v\n${symbol}`, { price, atMs: atMs + index, isLive: true }] as const)));

describe('what a position has come to', () => {
  it('is what the price has moved by, as often as it was bought, and its share of what that cost', () => {
    expect(profitOf({ size: 4, entry_price: 25 }, 30)).toEqual({ amount: 20, percent: 20, value: 120, cost: 100 });
    expect(profitOf({ size: 4, entry_price: 25 }, 20)).toEqual({ amount: -20, percent: -20, value: 80, cost: 100 });
  });

  it('is a gain of what was sold short where the price falls', () => {
    expect(profitOf({ size: -4, entry_price: 25 }, 20)).toEqual({ amount: 20, percent: 20, value: -80, cost: 100 });
    expect(profitOf({ size: -4, entry_price: 25 }, 30)).toMatchObject({ amount: -20, percent: -20 });
  });

  it('has no share of what cost nothing, and of a price below 0 one of its size', () => {
    expect(profitOf({ size: 4, entry_price: 0 }, 3)).toEqual({ amount: 12, percent: null, value: 12, cost: 0 });
    expect(profitOf({ size: 2, entry_price: -10 }, -5)).toEqual({ amount: 10, percent: 50, value: -10, cost: 20 });
  });
});

describe('what all positions have come to', () => {
  it('is their sum, long and short beside each other, in per cent of what all of them cost', () => {
    const positions = [position('A', 1, 100), position('B', -10, 20), position('A', 2, 50)];
    expect(totalOf(positions, marksOf({ A: 110, B: 25 }))).toEqual({
      amount: 10 - 50 + 120, cost: 100 + 200 + 100, percent: 20, value: 110 - 250 + 220, long: 330, short: 250, marked: 3,
      positions: 3, oldestMs: 1_000,
    });
  });

  it('leaves out what nobody knows the price of, and says how many it counts', () => {
    const total = totalOf([position('A', 1, 100), position('B', 5, 1)], marksOf({ A: 90 }, 7_000));
    expect(total).toMatchObject({ amount: -10, cost: 100, percent: -10, marked: 1, positions: 2, oldestMs: 7_000 });
  });

  it('is nothing where there is none, or none with a price', () => {
    const nothing = { amount: 0, cost: 0, percent: null, value: 0, long: 0, short: 0, marked: 0, oldestMs: undefined };
    expect(totalOf([], new Map())).toEqual({ ...nothing, positions: 0 });
    expect(totalOf([position('A', 1, 100)], new Map())).toEqual({ ...nothing, positions: 1 });
  });

  it('is as old as the oldest price in it', () => {
    expect(totalOf([position('B', 1, 1), position('A', 1, 1)], marksOf({ A: 1, B: 1 }, 40)).oldestMs).toBe(40);
  });
});
