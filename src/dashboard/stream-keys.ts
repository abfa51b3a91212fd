import type {
  Channel, StreamAlert, StreamBar, StreamGap, StreamHealth, StreamQuote, StreamTrade, StreamValue,
} from '../model/stream.ts';

/* Under which name the store keeps what the stream says. Venues and symbols can hold anything but a line feed. */

/** A text that knows what is kept under it. */
export type Key<T> = string & { readonly kept?: T };

type Instrument = { readonly venue: string; readonly symbol: string };
type OnSpec = Instrument & { readonly spec: string };

export const quoteKey = ({ venue, symbol }: Instrument): Key<StreamQuote> => `quote\n${venue}\n${symbol}`;
export const barKey = ({ venue, symbol, spec }: OnSpec): Key<StreamBar> => `bar\n${venue}\n${symbol}\n${spec}`;
export const valueKey = ({ venue, symbol, spec, indicator }: OnSpec & { readonly indicator: string }): Key<StreamValue> =>
  `value\n${venue}\n${symbol}\n${spec}\n${indicator}`;
export const tradeKey = ({ venue, symbol }: Instrument): Key<StreamTrade> => `trade\n${venue}\n${symbol}`;
/** How many trades a message has left out, of all instruments that are subscribed to. */
export const skippedTradesKey: Key<number> = 'skipped trades';
export const gapsKey: Key<StreamGap> = 'gaps';
export const alertsKey: Key<StreamAlert> = 'alerts';
export const healthKey: Key<StreamHealth> = 'health';
/** Quotes of all instruments, for those who list them. */
export const quotesKey: Key<StreamQuote> = 'quotes';

/** Equal for channels that ask for the same. */
export function channelKey(channel: Channel): string {
  return JSON.stringify(Object.entries(channel).sort(([one], [other]) => (one < other ? -1 : 1)));
}
