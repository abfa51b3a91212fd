import { createRequire } from 'node:module';
import type * as Luxon from 'luxon';
import { MdpError } from '../errors.ts';

/**
 * What kind of bar: an interval of time, cut on the venue's clock. The name is canonical and says what is not default:
 * `1s`, `5m`, `1d`, `1h/30m` (origin 30 minutes past), `1d@America/New_York`, `1d/17h@America/Chicago`.
 */
export interface BarSpec {
  readonly name: string;
  /** Length of a window; in a time zone one may be shorter, and a day longer. */
  readonly intervalMs: number;
  /** Start of the window that holds `timeMs`; ms since 1970 UTC. */
  openAt(timeMs: number): number;
  /** End of the window that opens at `openMs`, exclusive. */
  closeOf(openMs: number): number;
  /** The greatest interval, ms, that divides every boundary of this spec, counted from 1970. */
  readonly gridMs: number;
}

/** Minutes from UTC by time. */
type Zone = Pick<Luxon.IANAZone, 'offset'>;

/** Loaded for the first time zone: a daemon whose bars have none does without its 5 MiB. */
const luxon = (): typeof Luxon => createRequire(import.meta.url)('luxon') as typeof Luxon;

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const dayMs = 86_400_000;
/** 1970-01-05 was a Monday. */
const firstMondayMs = 4 * dayMs;
const intervalMsMax = 7 * dayMs;

const grammar = /^([1-9]\d{0,5})([smhdw])(?:\/(\d{1,6})([smhd]))?(?:@([A-Za-z0-9_+\-/]{1,64}))?$/;
const rule =
  'write a count and a unit (s, m, h, d, w), from 1s to 1w, with an origin after / and a time zone after @ if needed: ' +
  '1s, 5m, 1d, 1h/30m, 1d@America/New_York, 1d/17h@America/Chicago';

/** Throws an MdpError `bar-spec-invalid` that says what is allowed. */
export function parseBarSpec(text: string): BarSpec {
  const parts = grammar.exec(text);
  if (parts === null) throw new MdpError('bar-spec-invalid', `"${text}" is not a bar spec; ${rule}.`);
  const intervalMs = Number(parts[1]) * unitMs[parts[2]];
  const originMs = parts[3] === undefined ? 0 : Number(parts[3]) * unitMs[parts[4]];
  const zone = parts[5] === undefined || parts[5] === 'UTC' ? null : parts[5];
  if (intervalMs > intervalMsMax) throw new MdpError('bar-spec-invalid', `"${text}" is longer than a week; ${rule}.`);
  if (originMs >= intervalMs) {
    throw new MdpError('bar-spec-invalid', `"${text}" has an origin that is not less than its interval; ${rule}.`);
  }
  if (zone === null) return fixedSpec(nameOf(intervalMs, originMs, null), intervalMs, originMs);
  const { IANAZone } = luxon();
  if (!IANAZone.isValidZone(zone)) {
    throw new MdpError('bar-spec-invalid', `"${text}" names no IANA time zone ("${zone}"); ${rule}.`);
  }
  return zonedSpec(nameOf(intervalMs, originMs, zone), intervalMs, originMs, IANAZone.create(zone));
}

/** Parses a list, in its order; two spellings of one spec are refused. */
export function parseBarSpecs(texts: readonly string[]): readonly BarSpec[] {
  const specs = texts.map(parseBarSpec);
  for (const [index, spec] of specs.entries()) {
    const first = specs.findIndex((other) => other.name === spec.name);
    if (first !== index) {
      throw new MdpError('bar-spec-invalid', `"${texts[first]}" and "${texts[index]}" are the same bar spec; keep one.`);
    }
  }
  return specs;
}

function nameOf(intervalMs: number, originMs: number, zone: string | null): string {
  const origin = originMs === 0 ? '' : `/${durationName(originMs)}`;
  return `${durationName(intervalMs)}${origin}${zone === null ? '' : `@${zone}`}`;
}

/** The largest unit that divides it: 60s is 1m, 24h is 1d, 7d is 1w. */
function durationName(ms: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    if (ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  }
  return `${ms}ms`;
}

function floorTo(value: number, step: number, origin: number): number {
  const whole = Math.floor(value); // `%` on doubles is exact; a division would round at a boundary.
  return whole - ((((whole - origin) % step) + step) % step);
}

function fixedSpec(name: string, intervalMs: number, originMs: number): BarSpec {
  const origin = originMs + (intervalMs % unitMs['w'] === 0 ? firstMondayMs : 0);
  return {
    name,
    intervalMs,
    gridMs: greatestCommonDivisor(intervalMs, origin),
    openAt: (timeMs) => floorTo(timeMs, intervalMs, origin),
    closeOf: (openMs) => openMs + intervalMs,
  };
}

/**
 * Windows of a zone. Whole days run from local midnight (plus the origin) to local midnight and may have 23 or 25 hours;
 * several days and weeks count from Monday, 5 January 1970. Shorter intervals are steps from the local midnight (plus the
 * origin) of their day, and the last one is cut at the next.
 */
function zonedSpec(name: string, intervalMs: number, originMs: number, zone: Zone): BarSpec {
  const days = intervalMs % dayMs === 0 ? intervalMs / dayMs : 1;
  let cached = { openMs: Infinity, closeMs: -Infinity };

  const boundary = (dayNumber: number): number => instantOf(dayNumber * dayMs + originMs, zone);
  const dayBlock = (timeMs: number): { openMs: number; closeMs: number } => {
    const localMs = timeMs + zone.offset(timeMs) * 60_000;
    let day = floorTo((localMs - originMs - firstMondayMs) / dayMs, days, 0) + firstMondayMs / dayMs;
    if (boundary(day) > timeMs) day -= days; // Around a change of the clocks the local time may stand on either side.
    if (boundary(day + days) <= timeMs) day += days;
    return { openMs: boundary(day), closeMs: boundary(day + days) };
  };
  const windowAt = (timeMs: number): { openMs: number; closeMs: number } => {
    if (timeMs >= cached.openMs && timeMs < cached.closeMs) return cached;
    cached = dayBlock(timeMs);
    if (intervalMs < dayMs) {
      const openMs = cached.openMs + floorTo(timeMs - cached.openMs, intervalMs, 0);
      cached = { openMs, closeMs: Math.min(openMs + intervalMs, cached.closeMs) };
    }
    return cached;
  };
  let gridMs: number | null = null; // It takes 50 ms to find, and who only reads bars does not ask for it.
  return {
    name,
    intervalMs,
    get gridMs() {
      gridMs ??= [intervalMs, dayMs, originMs, ...offsetsOf(zone)].reduce(greatestCommonDivisor);
      return gridMs;
    },
    openAt: (timeMs) => windowAt(timeMs).openMs,
    closeOf: (openMs) => windowAt(openMs).closeMs,
  };
}

/** The instant of a local time; the first of two where the clocks go back, the end of the gap where they go forward. */
function instantOf(localMs: number, zone: Zone): number {
  const before = localMs - zone.offset(localMs - dayMs) * 60_000;
  const after = localMs - zone.offset(localMs + dayMs) * 60_000;
  if (before === after) return before;
  const valid = [before, after].filter((instant) => instant + zone.offset(instant) * 60_000 === localMs);
  return valid.length > 0 ? Math.min(...valid) : changeBetween(Math.min(before, after), Math.max(before, after), zone);
}

/** The first instant of the offset that holds at `untilMs`, by bisection over [fromMs, untilMs]. */
function changeBetween(fromMs: number, untilMs: number, zone: Zone): number {
  const offset = zone.offset(untilMs);
  let low = fromMs;
  let high = untilMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offset(middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Every distance from UTC that the zone has had or will have from 1970 to 2100, ms. An offset that held for less than a
 * week is missed.
 */
function offsetsOf(zone: Zone): number[] {
  const offsets = new Set<number>();
  const end = Date.UTC(2100, 0);
  for (let at = 0; at < end; at += 7 * dayMs) offsets.add(Math.abs(Math.round(zone.offset(at) * 60_000)));
  return [...offsets];
}

export function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
