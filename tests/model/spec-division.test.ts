import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBarSpec } from '../../src/model/bar-spec.ts';
import { childOf, divides } from '../../src/model/spec-division.ts';
import { windowOf } from '../oracle/windows.ts';

const specs = [
  '1s', '5s', '7s', '20s', '1m', '90s', '1m/20s', '3m', '5m', '7m', '15m', '30m', '1h', '1h/30m', '2h', '4h', '7h', '12h', '1d', '2d', '1w', '1d/17h',
  '1h@America/New_York', '4h@Europe/Berlin', '1h@Europe/Berlin', '1d@Europe/Berlin', '1w@Europe/Berlin', '1d@America/New_York', '1h@Asia/Kolkata', '1d@Asia/Kolkata',
  '1w@Asia/Kolkata', '2d@Asia/Kolkata', '1d/17h@America/Chicago', '1h/17h@America/Chicago', '1w/17h@America/Chicago', '1d@Australia/Lord_Howe',
].filter((name) => {
  try {
    return parseBarSpec(name).name === name;
  } catch {
    return false;
  }
});

describe('a bar spec that divides another one', () => {
  it.each([
    ['1m', '3m', true], ['1m', '1m', false], ['3m', '1m', false], ['1m', '90s', false], ['5m', '7m', false], ['1h/30m', '2h', false],
    ['1h', '2h', true], ['1d', '1w', true], ['30m', '1h/30m', true], ['1m', '1d@America/New_York', true], ['1h', '1d@Asia/Kolkata', false],
    ['30m', '1d@Asia/Kolkata', true], ['1d', '1d@America/New_York', false], ['1d@America/New_York', '1w@America/New_York', true],
    ['1d@America/New_York', '1w', false], ['1d@America/New_York', '1w@Europe/Berlin', false], ['1h@Europe/Berlin', '4h@Europe/Berlin', true],
    ['7h', '1d', false], ['1h', '1d/17h@America/Chicago', true], ['1d@America/Chicago', '1w/17h@America/Chicago', false],
  ])('%s of %s: %s', (child, parent, expected) => {
    expect(divides(parseBarSpec(child), parseBarSpec(parent))).toBe(expected);
  });

  it('has a boundary wherever the other one has, in every year', () => {
    const pairs = specs.flatMap((child) => specs.filter((parent) => divides(parseBarSpec(child), parseBarSpec(parent))).map((parent) => [child, parent]));
    expect(pairs.length).toBeGreaterThan(100);
    fc.assert(fc.property(fc.constantFrom(...pairs), fc.integer({ min: 0, max: Date.UTC(2037, 0, 1) }), ([child, parent], timeMs) => {
      const { openMs, closeMs } = windowOf(parent, timeMs);
      for (const edgeMs of [openMs, closeMs]) expect(windowOf(child, edgeMs).openMs, `${child} in ${parent}`).toBe(edgeMs);
    }), { numRuns: 150 });
  });

  it('is chosen as long as can be', () => {
    expect(childOf(parseBarSpec('30m'), ['1s', '1m', '5m', '7m', '1h'])?.name).toBe('5m');
    expect(childOf(parseBarSpec('3m'), ['5m', '1h'])).toBeNull();
  });
});
