import type { IdKind } from '../../../src/sources/tick-columns.ts';

/** What a record should be read as. Shares no code with the scanners. */
export interface OracleTick {
  readonly price: number;
  readonly size: number;
  readonly eventTimeMs: number;
  readonly side: number;
  readonly venue: string;
  readonly symbol: string;
  readonly tradeId: string | number | null;
}

export interface OracleRules {
  readonly ids: IdKind;
  readonly defaultSymbol: string | null;
  readonly venue: string;
}

/**
 * Texts of a record by field; `isUtf8` says whether its bytes were valid. Null: the record holds no tick.
 * Times in ms.
 */
export function oracleTick(
  texts: ReadonlyMap<string, string | undefined>,
  rules: OracleRules,
  isUtf8: boolean,
): OracleTick | null {
  const price = decimal(texts.get('price'));
  const size = decimal(texts.get('size'));
  const eventTimeMs = milliseconds(texts.get('event_time_ms'));
  const side = aggressor(texts.get('side') ?? '');
  const symbol = texts.get('symbol') ?? rules.defaultSymbol;
  const venue = texts.get('venue') ?? rules.venue;
  if (price === null || size === null || eventTimeMs === null || side === null || symbol === null)
    return null;
  if (!isName(symbol, isUtf8) || !isName(venue, isUtf8)) return null;
  const tradeId = idOf(texts.get('trade_id'), rules.ids, isUtf8);
  return tradeId === undefined ? null : { price, size, eventTimeMs, side, venue, symbol, tradeId };
}

function decimal(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  const isUnderflow = value === 0 && /[1-9]/.test(text.replace(/[eE].*$/, ''));
  return Number.isFinite(value) && !isUnderflow ? value : null;
}

/** A whole number of microseconds by integer arithmetic, from 1973 to 5138. */
function milliseconds(text: string | undefined): number | null {
  const parts = /^\+?(\d{1,40})(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text ?? '');
  if (parts === null) return null;
  const [, whole, fraction = '', exponent = '0'] = parts;
  const power = Number(exponent) - fraction.length + 3;
  const digits = BigInt(whole + fraction);
  const micros = power >= 0 ? digits * 10n ** BigInt(power) : digits / 10n ** BigInt(-power);
  return micros >= 10n ** 14n && micros < 10n ** 17n ? Number(micros) / 1_000 : null;
}

function aggressor(text: string): number | null {
  if (/^(?:|unknown)$/i.test(text)) return 0;
  if (/^b(?:uy)?$/i.test(text)) return 1;
  return /^s(?:ell)?$/i.test(text) ? 2 : null;
}

function isName(name: string, isUtf8: boolean): boolean {
  const bytes = Buffer.from(name).length;
  return bytes >= 1 && bytes <= 64 && isText(name, isUtf8);
}

function isText(text: string, isUtf8: boolean): boolean {
  const characters = Array.from(text, (character) => character.codePointAt(0)!);
  const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code < 0xa0);
  const isHalf = (code: number): boolean => code >= 0xd800 && code < 0xe000;
  return (
    characters.every((code) => !isControl(code) && !isHalf(code)) && (isUtf8 || !characters.includes(0xfffd))
  );
}

/** Undefined: refused. */
function idOf(text: string | undefined, ids: IdKind, isUtf8: boolean): string | number | null | undefined {
  if (ids === 'absent') return null;
  if (text === undefined) return undefined;
  const isDigits = /^\d+$/.test(text);
  const isCanonical = isDigits && (text === '0' || !text.startsWith('0'));
  const isSafe = isDigits && BigInt(text) <= 9_007_199_254_740_991n;
  if (ids === 'monotone') return isSafe && text.length <= 40 ? Number(text) : undefined;
  if (isCanonical && isSafe) return Number(text);
  return text.length >= 1 && text.length <= 128 && isText(text, isUtf8) ? text : undefined;
}
