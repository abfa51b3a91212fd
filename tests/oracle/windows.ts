/**
 * Which window an instant lies in, found the slow way: wall clocks are read from `Intl`, and a boundary is
 * searched for by walking along the time line.
 */
export interface Window {
  readonly openMs: number;
  readonly closeMs: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const week = 7 * day;
const units: Readonly<Record<string, number>> = { s: second, m: minute, h: hour, d: day, w: week };
const monday = Date.UTC(1970, 0, 5);

/** `spec` is an interval, an origin after `/` and a time zone after `@`: `1d/17h@America/Chicago`. */
export function windowOf(spec: string, timeMs: number): Window {
  const [, interval, origin, zone] = /^(\w+)(?:\/(\w+))?(?:@(.+))?$/.exec(spec)!;
  const lengthMs = durationMs(interval);
  const originMs = origin === undefined ? 0 : durationMs(origin);
  return zone === undefined || zone === 'UTC'
    ? plainWindow(timeMs, lengthMs, originMs + (lengthMs === week ? monday : 0))
    : localWindow(timeMs, lengthMs, { zone, originMs });
}

function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * units[text.slice(-1)];
}

/** [open, close) by whole-number division, rounded towards the past. */
function plainWindow(timeMs: number, lengthMs: number, originMs: number): Window {
  const length = BigInt(lengthMs);
  const passed = BigInt(Math.floor(timeMs)) - BigInt(originMs);
  let windows = passed / length;
  if (windows * length > passed) windows -= 1n;
  const openMs = Number(windows * length) + originMs;
  return { openMs, closeMs: openMs + lengthMs };
}

interface Locality {
  readonly zone: string;
  readonly originMs: number;
}

/**
 * Local days begin when the wall clock first shows midnight (plus the origin) or, where it skips that,
 * something later. Several days and weeks are counted from Monday, 5 January 1970. Shorter windows are laid
 * out from the beginning of the local day, and the last of a day ends where the next day begins.
 */
function localWindow(timeMs: number, lengthMs: number, locality: Locality): Window {
  const daysPerBlock = lengthMs % day === 0 ? lengthMs / day : 1;
  let block = Math.floor((wallClockMs(timeMs, locality.zone) - monday) / day / daysPerBlock) - 2;
  const beginsAt = (index: number): number => beginningOfDay(monday / day + index * daysPerBlock, locality);
  while (beginsAt(block + 1) <= timeMs) block += 1;
  const blockOpenMs = beginsAt(block);
  const blockCloseMs = beginsAt(block + 1);
  if (lengthMs % day === 0) return { openMs: blockOpenMs, closeMs: blockCloseMs };
  let openMs = blockOpenMs;
  while (openMs + lengthMs <= timeMs) openMs += lengthMs;
  return { openMs, closeMs: Math.min(openMs + lengthMs, blockCloseMs) };
}

const beginnings = new Map<string, number>();

/**
 * The first instant at which the wall clock shows local day `dayNumber` (days since 1970-01-01) plus the
 * origin, or later.
 */
function beginningOfDay(dayNumber: number, { zone, originMs }: Locality): number {
  const key = `${dayNumber} ${originMs} ${zone}`;
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const wanted = dayNumber * day + originMs;
  let at = wanted - 15 * hour; // No zone is further than 14 hours ahead of UTC.
  while (wallClockMs(at, zone) < wanted) at += 15 * minute;
  at -= 15 * minute;
  while (wallClockMs(at, zone) < wanted) at += second;
  beginnings.set(key, at);
  return at;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall of the zone shows, written as if it were UTC, ms since 1970. */
function wallClockMs(timeMs: number, zone: string): number {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', era: 'short',
      year: 'numeric', month: 'numeric', day: 'numeric',
      hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    clocks.set(zone, clock);
  }
  const parts = clock.formatToParts(Math.floor(timeMs));
  const shown = new Map(parts.map((part) => [part.type, Number(part.value)]));
  const show = (type: Intl.DateTimeFormatPartTypes): number => shown.get(type)!;
  return Date.UTC(show('year'), show('month') - 1, show('day'), show('hour'), show('minute'), show('second'));
}
