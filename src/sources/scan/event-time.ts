import { scanDigits } from './digits.ts';

export const eventTimeUnits = ['ms', 'us', 'ns', 's', 'iso'] as const;
export type EventTimeUnit = (typeof eventTimeUnits)[number];

/** By how many decimals a number in this unit is shifted to become microseconds. */
const shiftToMicros = { s: 6, ms: 3, us: 0, ns: -3 } as const;
type NumericUnit = keyof typeof shiftToMicros;
const numericUnits: readonly NumericUnit[] = ['s', 'ms', 'us', 'ns'];

/** 1973-03-03: a smaller number of ms is a time in seconds. */
const microsMin = 1e14;
/** The year 5138: a greater number of ms is a time in µs. No unit's times are also those of another. */
const microsMax = 1e17;
/** Whole numbers up to here are exact in a double: the year 2255. */
const exactMicrosMax = 9e15;

/**
 * Reads a time at `at` into `out[0]`, ms since 1970 UTC in whole microseconds, and returns the index behind
 * it; -1 where only `parseEventTime` can tell. `out` has two elements. Something that belongs to no number
 * must stand behind the time.
 */
export type EventTimeScan = (bytes: Uint8Array, at: number, out: Float64Array) => number;

const scans: { readonly [U in EventTimeUnit]: EventTimeScan } = {
  ms: scanMilliseconds, us: scanMicroseconds, ns: scanNanoseconds, s: scanSeconds, iso: scanIso,
};

export function eventTimeScan(unit: EventTimeUnit): EventTimeScan {
  return scans[unit];
}

export interface EventTimeFault {
  readonly problem: string;
  /** The unit in which the text would be a time of our days, or null. */
  readonly looksLike: EventTimeUnit | null;
}

/**
 * A time as text: ms since 1970 UTC, or what is wrong with it. The judge of everything that the scanners
 * leave alone.
 */
export function parseEventTime(text: string, unit: EventTimeUnit): number | EventTimeFault {
  const isoMs = parseIso(text);
  if (unit === 'iso') return isoMs ?? { problem: 'is not an ISO 8601 time', looksLike: numericUnitOf(text) };
  if (isoMs !== null) return { problem: `is not a number in ${unit}`, looksLike: 'iso' };
  const micros = floorToMicros(text, unit);
  if (micros === null) return { problem: `is not a number in ${unit}`, looksLike: null };
  if (micros >= microsMin && micros < microsMax) return micros / 1_000;
  return { problem: `is not a time of our days in ${unit}`, looksLike: numericUnitOf(text) };
}

function numericUnitOf(text: string): EventTimeUnit | null {
  const fits = (unit: NumericUnit): boolean => {
    const micros = floorToMicros(text, unit);
    return micros !== null && micros >= microsMin && micros < microsMax;
  };
  return numericUnits.find(fits) ?? null;
}

const numberGrammar = /^\+?(\d{1,40})(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * From the digits themselves: a double would round nanoseconds before they are floored. Null when it is no
 * number.
 */
function floorToMicros(text: string, unit: NumericUnit): number | null {
  const parts = numberGrammar.exec(text);
  if (parts === null) return null;
  const fraction = parts[2] ?? '';
  const decimals = shiftToMicros[unit] + Number(parts[3] ?? 0);
  const digits = parts[1] + fraction;
  const wholeDigits = parts[1].length + decimals;
  const whole = digits.slice(0, Math.max(0, wholeDigits)).padEnd(wholeDigits, '0');
  return Number(whole); // Exact up to 2^53 µs; beyond, in the year 2255, to the nearest double.
}

function parseIso(text: string): number | null {
  const out = new Float64Array(2);
  const bytes = Buffer.from(`${text}\n`);
  return scanIso(bytes, 0, out) === bytes.length - 1 ? out[0] : null;
}

const zero = 0x30;
const point = 0x2e;
const minus = 0x2d;
const colon = 0x3a;

/**
 * `digits` or `digits.digits`: the whole part into `out[0]`, the first six decimals as a whole number into
 * `out[1]`.
 */
function scanNumber(bytes: Uint8Array, at: number, out: Float64Array): number {
  const index = scanDigits(bytes, at, out);
  out[1] = 0;
  if (index === at || index - at > 16) return -1;
  if (bytes[index] !== point) return index;
  const behind = scanFraction(bytes, index + 1, out);
  return behind === index + 1 ? -1 : behind;
}

/** Digits at `at`: the first six as millionths into `out[1]`. */
function scanFraction(bytes: Uint8Array, at: number, out: Float64Array): number {
  let index = at;
  let millionths = 0;
  let worth = 100_000;
  let digit = bytes[index] - zero;
  while (digit >= 0 && digit <= 9) {
    if (worth >= 1) millionths += digit * worth;
    worth /= 10;
    digit = bytes[++index] - zero;
  }
  out[1] = millionths;
  return index;
}

/** Puts the time into `out[0]`, in ms, if it is one of our days and exact; returns `index` then, else -1. */
export function settle(micros: number, index: number, out: Float64Array): number {
  if (!(micros >= microsMin && micros < exactMicrosMax)) return -1;
  out[0] = micros / 1_000;
  return index;
}

function scanMilliseconds(bytes: Uint8Array, at: number, out: Float64Array): number {
  const index = scanNumber(bytes, at, out);
  if (index < 0) return -1;
  return settle(out[0] * 1_000 + Math.floor(out[1] / 1_000), index, out);
}

function scanMicroseconds(bytes: Uint8Array, at: number, out: Float64Array): number {
  const index = scanNumber(bytes, at, out);
  return index < 0 ? -1 : settle(out[0], index, out);
}

function scanSeconds(bytes: Uint8Array, at: number, out: Float64Array): number {
  const index = scanNumber(bytes, at, out);
  return index < 0 ? -1 : settle(out[0] * 1_000_000 + out[1], index, out);
}

/** Whole nanoseconds: all digits but the last three are the microseconds. */
function scanNanoseconds(bytes: Uint8Array, at: number, out: Float64Array): number {
  let index = at;
  while (bytes[index] >= zero && bytes[index] <= zero + 9) index++;
  if (index - at < 4 || index - at > 19 || bytes[index] === point) return -1;
  let micros = 0;
  for (let digit = at; digit < index - 3; digit++) micros = micros * 10 + (bytes[digit] - zero);
  return settle(micros, index, out);
}

/**
 * ISO 8601 as feeds write it: `2024-08-08T23:56:00.109123Z`, with a blank for the T, any number of decimals
 * or none, and Z, +hh:mm, +hhmm or nothing for UTC. Leap seconds (:60) are not times of a venue's clock and
 * are refused.
 */
function scanIso(bytes: Uint8Array, at: number, out: Float64Array): number {
  const century = pair(bytes, at);
  const year = century * 100 + pair(bytes, at + 2);
  const [month, day] = [pair(bytes, at + 5), pair(bytes, at + 8)];
  const [hour, minute, second] = [pair(bytes, at + 11), pair(bytes, at + 14), pair(bytes, at + 17)];
  if ((century | pair(bytes, at + 2) | month | day | hour | minute | second) < 0) return -1;
  if (!hasIsoDividers(bytes, at)) return -1;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return -1;
  if (hour > 23 || minute > 59 || second > 59) return -1;
  let index = at + 19;
  out[1] = 0;
  if (bytes[index] === point) {
    const behind = scanFraction(bytes, index + 1, out);
    if (behind === index + 1) return -1;
    index = behind;
  }
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
  const micros = out[1];
  index = scanZone(bytes, index, out);
  return index < 0 ? -1 : settle((seconds - out[0]) * 1_000_000 + micros, index, out);
}

function hasIsoDividers(bytes: Uint8Array, at: number): boolean {
  const middle = bytes[at + 10];
  return (middle === 0x54 || middle === 0x74 || middle === 0x20) && // T, t or a blank.
    bytes[at + 4] === minus && bytes[at + 7] === minus && bytes[at + 13] === colon && bytes[at + 16] === colon;
}

/** The offset from UTC, in seconds, into `out[0]`. */
function scanZone(bytes: Uint8Array, at: number, out: Float64Array): number {
  const sign = bytes[at];
  out[0] = 0;
  if (sign === 0x5a || sign === 0x7a) return at + 1;
  if (sign !== 0x2b && sign !== minus) return at;
  const minutesAt = bytes[at + 3] === colon ? at + 4 : at + 3;
  const [hours, minutes] = [pair(bytes, at + 1), pair(bytes, minutesAt)];
  if ((hours | minutes) < 0 || hours > 23 || minutes > 59) return -1;
  out[0] = (hours * 3_600 + minutes * 60) * (sign === minus ? -1 : 1);
  return minutesAt + 2;
}

/** Two digits as a number, -1 where there are none. */
function pair(bytes: Uint8Array, at: number): number {
  const tens = bytes[at] - zero;
  const ones = bytes[at + 1] - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function daysOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : monthDays[month - 1];
}

/**
 * Days from 1970-01-01 in the Gregorian calendar: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"
 * (2013).
 */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year; // Years begin in March, so that leap days come last.
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
