import { fourDigits } from './digits.ts';
import { settle, type EventTimeUnit } from './event-time.ts';

const zero = 0x30;
const point = 0x2e;

/** As an `EventTimeScan`; it may read up to `timeWordsBytes`, which must be there, and not what follows the time. */
export type EventTimeWordScan = (view: DataView, at: number, out: Float64Array) => number;
export const timeWordsBytes = 19;

const wordScans: { readonly [U in EventTimeUnit]: EventTimeWordScan } = {
  ms: scanMillisecondWords, us: scanMicrosecondWords, ns: scanNanosecondWords, s: () => -1, iso: () => -1,
};

/** Reads whole ms, µs or ns of our days, four digits at a time; ms with decimals are left alone. */
export function eventTimeWordScan(unit: EventTimeUnit): EventTimeWordScan {
  return wordScans[unit];
}

/** NaN where they are not twelve digits, of which the first is none but 0. */
function twelveDigits(view: DataView, at: number): number {
  const first = fourDigits(view, at);
  const second = fourDigits(view, at + 4);
  const third = fourDigits(view, at + 8);
  return first >= 1_000 && (second | third) >= 0 ? (first * 10_000 + second) * 10_000 + third : Number.NaN;
}

function scanMillisecondWords(view: DataView, at: number, out: Float64Array): number {
  const digit = view.getUint8(at + 12) - zero;
  if (digit < 0 || digit > 9 || view.getUint8(at + 13) === point) return -1;
  return settle((twelveDigits(view, at) * 10 + digit) * 1_000, at + 13, out);
}

function scanMicrosecondWords(view: DataView, at: number, out: Float64Array): number {
  const tail = fourDigits(view, at + 12);
  return tail < 0 ? -1 : settle(twelveDigits(view, at) * 10_000 + tail, at + 16, out);
}

/** The last three of 19 digits are floored away. */
function scanNanosecondWords(view: DataView, at: number, out: Float64Array): number {
  if (fourDigits(view, at + 15) < 0) return -1;
  const index = scanMicrosecondWords(view, at, out);
  return index < 0 ? -1 : index + 3;
}
