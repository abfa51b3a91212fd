import { describe, expect, it } from 'vitest';
import { leastUnsettledMs } from '../../src/commands/housekeeping.ts';

const open = { endsAtMs: Infinity };
const ended = { endsAtMs: -Infinity };

function venues(times: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(times));
}

describe('what compression and retention must leave alone', () => {
  it('begins where the slowest venue of the slowest lane may still change a bar', () => {
    const lanes = [{ ...open, untilMs: venues({ a: 5_000, b: 3_000 }) }, { ...open, untilMs: venues({ a: 4_000 }) }];
    expect(leastUnsettledMs(lanes)).toBe(3_000);
  });

  it('is not held back by a lane whose complete log was folded to its end', () => {
    expect(leastUnsettledMs([{ ...ended, untilMs: venues({ a: 1_000 }) }, { ...open, untilMs: venues({ a: 9_000 }) }])).toBe(9_000);
  });

  it('is not held back by a venue that has reached the bound of its lane, but by the others of that lane', () => {
    const bounded = { endsAtMs: 2_000, untilMs: venues({ a: 2_000, b: 1_500 }) };
    const live = { ...open, untilMs: venues({ a: 9_000 }) };
    expect(leastUnsettledMs([bounded, live])).toBe(1_500);
    expect(leastUnsettledMs([{ ...bounded, untilMs: venues({ a: 2_000, b: 2_000 }) }, live])).toBe(9_000);
  });

  it('is nothing once no lane has anything more to tell', () => {
    expect(leastUnsettledMs([{ ...ended, untilMs: venues({ a: 1_000 }) }])).toBe(Infinity);
  });
});
