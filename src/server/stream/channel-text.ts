import type { Channel } from '../../model/stream.ts';
import { BadRequest } from '../route.ts';

/** What stands behind the name of a channel, in order; of these so many must be there. */
const forms: { readonly [C in Channel['channel']]: { readonly parts: readonly string[]; readonly needed: number } } = {
  bars: { parts: ['venue', 'symbol', 'spec'], needed: 3 },
  indicators: { parts: ['venue', 'symbol', 'spec', 'indicator'], needed: 4 },
  trades: { parts: ['venue', 'symbol'], needed: 2 },
  quotes: { parts: ['venue', 'symbol'], needed: 0 },
  gaps: { parts: [], needed: 0 },
  alerts: { parts: [], needed: 0 },
  health: { parts: [], needed: 0 },
};

const inWords = 'Write bars:VENUE:SYMBOL:SPEC, indicators:VENUE:SYMBOL:SPEC:INDICATOR, trades:VENUE:SYMBOL, ' +
  'quotes[:VENUE[:SYMBOL]], gaps, alerts or health; a colon in a name is written %253A';
/** As in messages of the socket. */
const partLengthMax = 250;
const quotedLengthMax = 80;

/**
 * A channel as one text, for URLs: `bars:binance:XRPETH:1m`. Its parts are percent-encoded, once more than the URL is.
 * Throws a BadRequest of the field `channel`.
 */
export function channelOf(text: string): Channel {
  const [kind, ...values] = text.split(':').map(decoded);
  const form = Object.hasOwn(forms, kind) ? forms[kind as Channel['channel']] : null;
  const isOf = form !== null && values.length >= form.needed && values.length <= form.parts.length &&
    values.every((value) => value !== '' && value.length <= partLengthMax);
  if (!isOf) {
    throw new BadRequest('channel', `channel: "${text.slice(0, quotedLengthMax)}" is none. ${inWords}.`);
  }
  return { channel: kind, ...Object.fromEntries(values.map((value, index) => [form.parts[index], value])) } as Channel;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
