import type { Channel, StreamBar, StreamQuote, StreamTrade, StreamValue } from '../model/stream.ts';

/* Under which name the store keeps what the stream says. Venues and symbols can hold anything but a line feed. */

type Instrument = { readonly venue: string; readonly symbol: string };

export const quoteKey = ({ venue, symbol }: Instrument): string => `quote\n${venue}\n${symbol}`;
export const barKey = ({ venue, symbol, spec }: Instrument & { readonly spec: string }): string =>
  `bar\n${venue}\n${symbol}\n${spec}`;
export const valueKey = (of: Instrument & { readonly spec: string; readonly indicator: string }): string =>
  `value\n${of.venue}\n${of.symbol}\n${of.spec}\n${of.indicator}`;
export const tradeKey = ({ venue, symbol }: Instrument): string => `trade\n${venue}\n${symbol}`;
export const gapsKey = 'gaps';
export const alertsKey = 'alerts';
export const healthKey = 'health';
/** Quotes of all instruments, for those who list them. */
export const quotesKey = 'quotes';

export const keysOf = {
  bar: (bar: StreamBar): string => barKey(bar),
  value: (value: StreamValue): string => valueKey(value),
  quote: (quote: StreamQuote): string => quoteKey(quote),
  trade: (trade: StreamTrade): string => tradeKey(trade),
} as const;

/** Equal for channels that ask for the same. */
export function channelKey(channel: Channel): string {
  return JSON.stringify(Object.entries(channel).sort(([one], [other]) => (one < other ? -1 : 1)));
}
