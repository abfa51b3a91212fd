import type { IndicatorLine } from '../model/indicator.ts';
import type { Channel } from '../model/stream.ts';

/** Why a request is not carried out, for people and programs; nothing of it was. */
export interface Refusal {
  readonly code: 'channel-invalid' | 'bar-spec-unknown' | 'indicator-unknown' | 'subscriptions-max' | 'conflate-invalid';
  /** Where in the request: `channels.3.spec`. */
  readonly field: string;
  readonly message: string;
}

/** Longer than any venue's or symbol's: a name is kept as long as its client is there. */
const nameLengthMax = 200;

export interface KnownNames {
  readonly specs: readonly string[];
  readonly lines: readonly IndicatorLine[];
}

/** What is wrong with channels; null: nothing. A venue or a symbol may be unknown: it may still come. */
export function refusalOf(channels: readonly Channel[], known: KnownNames): Refusal | null {
  for (const [index, channel] of channels.entries()) {
    const refusal = refusalOfOne(channel, `channels.${index}`, known);
    if (refusal !== null) return refusal;
  }
  return null;
}

function refusalOfOne(channel: Channel, at: string, known: KnownNames): Refusal | null {
  switch (channel.channel) {
    case 'gaps': case 'alerts': case 'health':
      return null;
    case 'quotes':
      return refusalOfQuotes(channel, at);
    case 'trades':
      return refusalOfNames(channel, at);
    case 'bars':
      return refusalOfNames(channel, at) ?? refusalOfSpec(channel.spec, at, known);
    case 'indicators':
      return refusalOfNames(channel, at) ?? refusalOfSpec(channel.spec, at, known) ?? refusalOfLine(channel, at, known);
  }
  return {
    code: 'channel-invalid', field: `${at}.channel`,
    message: 'There is no such channel: there are bars, indicators, trades, quotes, gaps, alerts and health.',
  };
}

function refusalOfQuotes({ venue, symbol }: Channel & { channel: 'quotes' }, at: string): Refusal | null {
  if (symbol !== undefined && venue === undefined) {
    const message = 'A symbol is one of a venue: say which, or leave out both.';
    return { code: 'channel-invalid', field: `${at}.venue`, message };
  }
  return refusalOfNames({ venue: venue ?? 'any', symbol: symbol ?? 'any' }, at);
}

function refusalOfNames(names: { readonly venue: string; readonly symbol: string }, at: string): Refusal | null {
  for (const field of ['venue', 'symbol'] as const) {
    const { length } = names[field];
    if (length > 0 && length <= nameLengthMax) continue;
    return { code: 'channel-invalid', field: `${at}.${field}`, message: `A ${field} has 1 to ${nameLengthMax} characters.` };
  }
  return null;
}

function refusalOfSpec(spec: string, at: string, { specs }: KnownNames): Refusal | null {
  if (specs.includes(spec)) return null;
  return {
    code: 'bar-spec-unknown', field: `${at}.spec`, message: `No such bars are made; there are ${specs.join(', ')}.`,
  };
}

function refusalOfLine(channel: Channel & { channel: 'indicators' }, at: string, { lines }: KnownNames): Refusal | null {
  const ofSpec = lines.filter(({ barSpec }) => barSpec === channel.spec).map(({ indicator }) => indicator);
  if (ofSpec.includes(channel.indicator)) return null;
  const what = ofSpec.length === 0 ? 'there is none' : `there are ${ofSpec.join(', ')}`;
  return {
    code: 'indicator-unknown', field: `${at}.indicator`,
    message: `No such indicator is computed on ${channel.spec} bars; ${what}.`,
  };
}

/** Equal for channels that mean the same. */
export function keyOf(channel: Channel): string {
  const { venue = null, symbol = null, spec = null, indicator = null } = channel as {
    readonly venue?: string; readonly symbol?: string; readonly spec?: string; readonly indicator?: string;
  };
  return JSON.stringify([channel.channel, venue, symbol, spec, indicator]);
}
