import { describe, expect, it } from 'vitest';
import { parseDecimal, scanDecimal } from '../../../src/sources/scan/decimal.ts';
import { fuzzDecimals } from './fuzz-decimal.ts';

function scanned(text: string): { value: number; end: number } | null {
  const out = new Float64Array(2);
  const end = scanDecimal(Buffer.from(`${text}\n`), 0, out);
  return end < 0 ? null : { value: out[0], end };
}

describe('scanning a decimal from bytes', () => {
  it('gives the value of Number() and the index behind the last digit', () => {
    for (const text of [
      '0',
      '7',
      '23.00000000',
      '0.00141342',
      '123456789012345',
      '1234567890.12345',
      '007.50',
    ]) {
      expect(scanned(text), text).toEqual({ value: Number(text), end: text.length });
    }
  });

  it('stops at what is no digit', () => {
    expect(scanned('12.5,9')).toEqual({ value: 12.5, end: 4 });
  });

  it('leaves signs, exponents, bare points and more than 15 digits to the judge', () => {
    for (const text of [
      '-1',
      '+1',
      '.5',
      '5.',
      '',
      'NaN',
      '1234567890123456',
      '0.1234567890123456',
      '123456789.1234567',
    ]) {
      expect(scanned(text), text).toBeNull();
    }
  });

  it('agrees with Number() on random texts', () => {
    fuzzDecimals(1, 50_000);
  });
});

describe('judging a decimal as text', () => {
  it('knows signs, exponents, bare points and leading zeros', () => {
    for (const text of ['-1.5', '+2', '.5', '5.', '1e-3', '12E+2', '007', '-0']) {
      expect(parseDecimal(text), text).toEqual({ value: Number(text), inexact: false });
    }
  });

  it('refuses what is no finite decimal number', () => {
    for (const text of [
      '',
      '.',
      '-',
      'NaN',
      'Infinity',
      '0x10',
      '1_000',
      '1,000',
      ' 1',
      '1 ',
      '1e',
      '1e400',
      '--1',
      '1.2.3',
      '1n',
      '٣',
    ]) {
      expect(parseDecimal(text), text).toBeNull();
    }
  });

  it('refuses a number that a double would turn into 0', () => {
    expect(parseDecimal('1e-400')).toBeNull();
    expect(parseDecimal('0e-400')).toEqual({ value: 0, inexact: false });
  });

  it('calls a number inexact when printing the double does not give it back', () => {
    expect(parseDecimal('0.30000000000000004')).toEqual({ value: 0.1 + 0.2, inexact: false });
    expect(parseDecimal('0.300000000000000041')?.inexact).toBe(true);
    expect(parseDecimal('123456789012345678901234567890')?.inexact).toBe(true);
    expect(parseDecimal('100000000000000000000000000000')?.inexact).toBe(false);
    expect(parseDecimal('0.10000000000000000000')?.inexact).toBe(false);
    expect(parseDecimal('9007199254740993')).toEqual({ value: 9007199254740992, inexact: true });
  });
});
