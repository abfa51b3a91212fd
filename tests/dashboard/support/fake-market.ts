import type { StreamBar, StreamQuote, StreamTrade } from '../../../src/model/stream.ts';

/*
 * A market that is made up, the same one for the same seed: prices walk, bars are folded from the walk. It is enough to look
 * at; whether bars are right is tested elsewhere.
 */

export const specMs: Readonly<Record<string, number>> = {
  '1s': 1_000, '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '4h': 14_400_000, '1d': 86_400_000,
};

/** Mulberry32: a generator in five lines. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Instrument {
  readonly venue: string;
  readonly symbol: string;
  readonly digits: number;
  readonly start: number;
}

const majors: readonly Instrument[] = [
  { venue: 'binance', symbol: 'BTCUSDT', digits: 2, start: 64_210.5 },
  { venue: 'binance', symbol: 'ETHUSDT', digits: 2, start: 3_120.4 },
  { venue: 'binance', symbol: 'XRPETH', digits: 6, start: 0.000_172 },
  { venue: 'binance', symbol: 'SOLUSDT', digits: 3, start: 148.21 },
  { venue: 'kraken', symbol: 'BTC/EUR', digits: 1, start: 59_020.1 },
  { venue: 'kraken', symbol: 'ADA/EUR', digits: 5, start: 0.412_3 },
];

export function instrumentsOf(count: number): readonly Instrument[] {
  return Array.from({ length: count }, (_, index) => majors[index] ?? {
    venue: 'synthetic', symbol: `SYM${String(index).padStart(3, '0')}`, digits: 2, start: 20 + (index * 37) % 400,
  });
}

export class FakeMarket {
  readonly instruments: readonly Instrument[];
  readonly #random: () => number;
  readonly #prices: number[];
  readonly #dayOpens: number[];
  readonly #forming = new Map<string, StreamBar>();

  constructor(count: number, seed = 7) {
    this.instruments = instrumentsOf(count);
    this.#random = seeded(seed);
    const nowMs = Date.now();
    this.#prices = this.instruments.map((one) => storedBar(one, '1m', Math.floor(nowMs / 60_000 - 1) * 60_000).close);
    this.#dayOpens = this.instruments.map(({ start, digits }) => Number((start * (0.97 + 0.06 * this.#random())).toFixed(digits)));
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }

  /** One trade of an instrument. */
  trade(at: number, eventMs: number): StreamTrade {
    const { venue, symbol, digits } = this.instruments[at];
    const price = Number((this.#prices[at] * (1 + 0.000_2 * this.#normal())).toFixed(digits));
    this.#prices[at] = price;
    const size = Number((0.01 + this.#random() * 2).toFixed(3));
    return { venue, symbol, event_ms: eventMs, price, size, side: this.#random() < 0.5 ? 'buy' : 'sell' };
  }

  quote(at: number, nowMs: number): StreamQuote {
    const { venue, symbol } = this.instruments[at];
    return { venue, symbol, price: this.#prices[at], previous_close: this.#dayOpens[at], event_ms: nowMs, received_ms: nowMs };
  }

  indexOf(venue: string, symbol: string): number {
    return this.instruments.findIndex((one) => one.venue === venue && one.symbol === symbol);
  }

  /** The bar that is forming after this trade. */
  fold(trade: StreamTrade, spec: string): StreamBar {
    const step = specMs[spec];
    const openMs = Math.floor(trade.event_ms / step) * step;
    const key = `${trade.venue} ${trade.symbol} ${spec}`;
    const before = this.#forming.get(key);
    const bar = before?.open_ms === openMs ? before : emptyBar(trade, spec, openMs);
    const folded: StreamBar = {
      ...bar, high: Math.max(bar.high, trade.price), low: Math.min(bar.low, trade.price), close: trade.price,
      volume: bar.volume + trade.size, notional: bar.notional + trade.size * trade.price, trades: bar.trades + 1,
      buy_volume: bar.buy_volume + (trade.side === 'buy' ? trade.size : 0),
      sell_volume: bar.sell_volume + (trade.side === 'sell' ? trade.size : 0),
    };
    this.#forming.set(key, folded);
    return folded;
  }

  formingOf(key: { readonly venue: string; readonly symbol: string; readonly spec: string }): StreamBar | undefined {
    return this.#forming.get(`${key.venue} ${key.symbol} ${key.spec}`);
  }
}

function emptyBar({ venue, symbol, price }: StreamTrade, spec: string, openMs: number): StreamBar {
  return {
    venue, symbol, spec, open_ms: openMs, close_ms: openMs + specMs[spec], bar_index: 0, open: price, high: price, low: price,
    close: price, volume: 0, notional: 0, trades: 0, buy_volume: 0, sell_volume: 0, state: 'forming', quality: 'complete',
    revision: 0, whole: true,
  };
}

/** Closed bars of an instrument that end where its price begins: a function of seed, instrument, spec and open time. */
export function storedBar(instrument: Instrument, spec: string, openMs: number): StreamBar {
  const step = specMs[spec];
  const level = (index: number): number => instrument.start * (1 + 0.02 * Math.sin(index / 17) + 0.008 * Math.sin(index / 5.3)
    + 0.004 * seeded(index + instrument.symbol.length)());
  const index = Math.floor(openMs / step);
  const random = seeded(index * 31 + instrument.symbol.charCodeAt(0));
  const round = (value: number): number => Number(value.toFixed(instrument.digits));
  const [open, close] = [round(level(index)), round(level(index + 1))];
  const high = round(Math.max(open, close) * (1 + 0.003 * random()));
  const low = round(Math.min(open, close) * (1 - 0.003 * random()));
  const volume = Number((5 + 80 * random() * (1 + Math.sin(index / 11))).toFixed(3));
  const buy = Number((volume * (0.3 + 0.4 * random())).toFixed(3));
  return {
    venue: instrument.venue, symbol: instrument.symbol, spec, open_ms: openMs, close_ms: openMs + step, bar_index: 0, open, high,
    low, close, volume, notional: volume * (open + close) / 2, trades: Math.ceil(volume), buy_volume: buy,
    sell_volume: volume - buy, state: 'closed', quality: 'complete', revision: 0, whole: true,
  };
}
