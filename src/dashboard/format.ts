/* How numbers and times are written. Pure: the same text for the same number, so that nothing moves that did not change. */

/** Beyond this nobody reads digits; doubles that came out of arithmetic have up to 17. */
const digitsMax = 8;
const decimals = new Map<number, Intl.NumberFormat>();

function numberFormat(digits: number): Intl.NumberFormat {
  const known = decimals.get(digits);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  decimals.set(digits, made);
  return made;
}

/**
 * Digits behind the point that a price is written with: 0.1234 has 4, and whole prices are written with 2. What comes out of
 * arithmetic has up to 17: of such a price six digits count.
 */
export function digitsOf(price: number): number {
  const size = Math.abs(price);
  const text = String(size);
  const exponent = text.indexOf('e-');
  const mantissa = exponent === -1 ? text : text.slice(0, exponent);
  const point = mantissa.indexOf('.');
  const behindPoint = point === -1 ? 0 : mantissa.length - point - 1;
  const written = behindPoint + (exponent === -1 ? 0 : Number(text.slice(exponent + 2)));
  const leading = size === 0 ? 1 : Math.ceil(Math.log10(size));
  const counting = written > digitsMax || mantissa.length > 12 ? Math.min(digitsMax + 2, 6 - leading) : written;
  return Math.max(2, counting);
}

/** With thousands separated and exactly so many digits; an en dash for what is not known. */
export function decimal(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || Number.isNaN(value) ? '–' : numberFormat(digits).format(value);
}

/** Always with its sign, by a real minus: +1.20, −0.35, 0.00. */
export function signed(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const text = numberFormat(digits).format(Math.abs(value));
  if (Number(text.replaceAll(',', '')) === 0) return text;
  return `${value > 0 ? '+' : '−'}${text}`;
}

/** `+1.24`, in per cent; the unit stands in the header. */
export function percentChange(now: number, before: number | null | undefined): string {
  return before === null || before === undefined || before === 0 ? '–' : signed((now / before - 1) * 100, 2);
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Volumes and counts: whole below 10,000, then 12.3K and 4.56M. Small volumes keep their digits. By a real minus. */
export function quantity(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  return `${value < 0 ? '−' : ''}${sizeText(size)}`;
}

function sizeText(size: number): string {
  if (size >= 10_000) return compact.format(size);
  if (size >= 1_000 || Number.isInteger(size)) return whole.format(size);
  return numberFormat(size >= 100 ? 1 : size >= 1 ? 2 : 4).format(size);
}

export function count(value: number): string {
  return whole.format(value);
}

export type Direction = 'up' | 'down' | 'same';

export function directionOf(now: number, before: number | null | undefined): Direction {
  if (before === null || before === undefined || now === before) return 'same';
  return now > before ? 'up' : 'down';
}

/** Beside the colour, for eyes that do not see it. */
export const arrows: Readonly<Record<Direction, string>> = { up: '▲', down: '▼', same: '' };

/** `now`, `4 s`, `3 min`, `2 h`, `5 d`. */
export function ageText(ageMs: number): string {
  if (ageMs < 1_500) return 'now';
  if (ageMs < 60_000) return `${Math.round(ageMs / 1_000)} s`;
  if (ageMs < 3_600_000) return `${Math.floor(ageMs / 60_000)} min`;
  if (ageMs < 86_400_000) return `${Math.floor(ageMs / 3_600_000)} h`;
  return `${Math.floor(ageMs / 86_400_000)} d`;
}

/** `850 ms`, `4.2 s`, `3 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ageText(ms);
}

const timeFormats = new Map<string, Intl.DateTimeFormat>();
const shapes = {
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { hour: '2-digit', minute: '2-digit' },
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  full: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Of a zone (undefined: that of this machine): 13:02:04, 2026-03-14, or both. */
export function timeText(timeMs: number, zone: string | undefined, shape: keyof typeof shapes = 'full'): string {
  const key = `${shape} ${zone ?? ''}`;
  let format = timeFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { ...shapes[shape], timeZone: zone, hourCycle: 'h23' });
    timeFormats.set(key, format);
  }
  return format.format(timeMs);
}
