import { describe, expect, it } from 'vitest';
import { parseBarSpecs } from '../../../src/model/bar-spec.ts';
import { linesOf, parseIndicators, textOf } from '../../../src/operators/indicators/parse.ts';

const specs = parseBarSpecs(['1s', '1m', '1d@America/New_York']);

describe('an indicator in words', () => {
  it('is a name with arguments on the bars of a spec, in one spelling', () => {
    const all = parseIndicators([' RSI( 14 ) @ 60s', 'rsi(7)@1d@America/New_York', 'rsi(14)@1s'], specs);
    expect(all.map(textOf)).toEqual(['rsi(14)@1m', 'rsi(7)@1d@America/New_York', 'rsi(14)@1s']);
    expect(all.map(({ spec }) => spec)).toEqual([1, 2, 0]);
    expect(linesOf(all)).toEqual([
      { indicator: 'rsi(14)', barSpec: '1m' }, { indicator: 'rsi(7)', barSpec: '1d@America/New_York' },
      { indicator: 'rsi(14)', barSpec: '1s' },
    ]);
  });

  it('may have an underscore, no argument, and a fraction', () => {
    const all = parseIndicators(['Volume_Ratio(20)@1m', 'vwap( )@1m', 'bollinger(20, 2.50)@1m'], specs);
    expect(all.map(textOf)).toEqual(['volume_ratio(20)@1m', 'vwap()@1m', 'bollinger(20,2.5)@1m']);
    expect(linesOf(all).map(({ indicator }) => indicator)).toEqual([
      'volume_ratio(20)', 'vwap()', 'bollinger(20,2.5).middle', 'bollinger(20,2.5).upper', 'bollinger(20,2.5).lower',
    ]);
  });

  it.each([
    ['_rsi(3)@1m', 'is not NAME(ARGUMENTS)@BARSPEC'], ['vwap@1m', 'is not NAME'], ['vwap(1)@1m', 'other arguments than vwap()'],
    ['rsi', 'is not NAME(ARGUMENTS)@BARSPEC'], ['rsi(14)', 'is not NAME(ARGUMENTS)@BARSPEC'], ['', 'rsi(n) with n from 2 to 1000'],
    ['wma(3)@1m', 'names no indicator ("wma"); write one of rsi(n)'], ['constructor(3)@1m', 'names no indicator'],
    ['rsi()@1m', 'other arguments than rsi(n) with n from 2 to 1000'], ['rsi(1)@1m', 'n from 2'], ['rsi(1e2)@1m', 'n from 2'],
    ['rsi(14,3)@1m', 'n from 2'], ['rsi(14.5)@1m', 'n from 2'],
    ['rsi(14)@5m', 'on bars of 5m, which is none of bars.specs (1s, 1m, 1d@America/New_York)'], ['rsi(14)@soon', 'none of bars.specs'],
  ])('is refused where nobody knows what is meant: %s', (text, says) => {
    expect(() => parseIndicators([text], specs)).toThrow(expect.objectContaining({ code: 'indicator-invalid' }));
    expect(() => parseIndicators([text], specs)).toThrow(says);
  });

  it('is refused twice', () => {
    expect(() => parseIndicators(['rsi(14)@1m', 'RSI(14)@60s'], specs)).toThrow('"rsi(14)@1m" and "RSI(14)@60s" are the same indicator');
  });
});
