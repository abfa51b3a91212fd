import type { Changes, Channel, StreamHealth } from '../../../src/model/stream.ts';
import { FakeDaemon } from './fake-daemon.ts';
import type { Answer } from './fake-daemon.ts';
import { FakeMarket, specMs, storedBar } from './fake-market.ts';

/* The fake daemon with the fake market behind it: what the tests of the tabs begin with. */

export const healthy: StreamHealth = {
  status: 'healthy', problems: [], now_ms: 0, ticks_per_second: 2_014, bars_per_second: 21.5, rows_committed_per_second: 21.5,
  op_queue: { depth: 1, capacity: 8, dropped: 0 }, sink_queue: { depth: 2, capacity: 200, dropped: 0 }, lag: 12,
  watermark_lag_ms: 2_040, late: 3, rejected: 0, duplicate: 14, dropped: 0, dead_letters: 0, gaps: 1, ticks_imbalance: 0,
  rows_imbalance: 0, breaker_open: false,
};

export interface DemoOptions {
  readonly symbols?: number;
  readonly key?: string;
  /** Beside, and in place of, those that the demo has: api/symbols, api/bars, api/gaps, api/indicators, api/stats. */
  readonly answers?: Readonly<Record<string, Answer>>;
  health?(): StreamHealth;
}

export interface Demo {
  readonly daemon: FakeDaemon;
  readonly market: FakeMarket;
  /** Trades of `share` of the instruments, and all that follows from them, to everybody who asked. */
  readonly beat: (share?: number) => void;
  /** Beats until it is told to stop. */
  readonly run: (everyMs: number) => () => void;
  readonly close: () => Promise<void>;
}

export async function openDemo(options: DemoOptions = {}): Promise<Demo> {
  const market = new FakeMarket(options.symbols ?? 6);
  const health = () => ({ ...(options.health?.() ?? healthy), now_ms: Date.now() });
  const daemon = await FakeDaemon.open({
    answers: { ...answersOf(market), ...options.answers },
    snapshot: (channels) => snapshotOf(market, channels, health()),
    ...(options.key === undefined ? {} : { key: options.key }),
  });
  const timers = new Set<ReturnType<typeof setInterval>>();
  const beat = (share = 1) => beatOnce({ daemon, market, share, health: health() });
  return {
    daemon, market, beat,
    run: (everyMs) => {
      const timer = setInterval(beat, everyMs, 0.5);
      timers.add(timer);
      return () => clearInterval(timer);
    },
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await daemon.close();
    },
  };
}

function answersOf(market: FakeMarket): Readonly<Record<string, Answer>> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    'api/symbols': () => ({
      symbols: market.instruments.map(({ venue, symbol, start }) => ({
        venue, symbol, specs: Object.keys(specMs), last_price: start, newest_open_time: iso(Date.now() - 60_000),
        newest_close_time: iso(Date.now()),
      })),
    }),
    'api/bars': (query) => barPage(market, query),
    'api/gaps': () => ({ gaps: [] }),
    'api/indicators': () => ({ values: [], next: null }),
    'api/positions': () => ({ positions: [], positions_max: 1_000 }),
    'api/alerts': () => ({ rules: [], rules_max: 1_000 }),
    'api/alerts/history': () => ({ alerts: [], next: null }),
  };
}

/** Bars as /api/bars has them, a page of them. */
export function barPage(market: FakeMarket, query: URLSearchParams): object {
  const instrument = market.instruments[market.indexOf(query.get('venue') ?? '', query.get('symbol') ?? '')];
  const spec = query.get('spec') ?? '1m';
  const [step, limit] = [specMs[spec], Number(query.get('limit') ?? 500)];
  const current = Math.floor(Date.now() / step) * step;
  const until = Math.min(current, Date.parse(query.get('until') ?? new Date(current).toISOString()));
  const from = query.get('from');
  const first = from === null ? until - limit * step : Math.ceil(Date.parse(from) / step) * step;
  const opens: number[] = [];
  for (let openMs = first; openMs < until && opens.length < limit; openMs += step) opens.push(openMs);
  const bars = opens.map((openMs) => {
    const { open_ms, close_ms, venue: _venue, symbol: _symbol, spec: _spec, ...bar } = storedBar(instrument, spec, openMs);
    return {
      ...bar, open_time: new Date(open_ms).toISOString(), close_time: new Date(close_ms).toISOString(),
      vwap: bar.notional / bar.volume, filled: false,
    };
  });
  const isDescending = (query.get('order') ?? (from === null ? 'desc' : 'asc')) === 'desc';
  if (isDescending) bars.reverse();
  return { bars, next: bars.length < limit ? null : bars.at(-1)!.open_time };
}

function snapshotOf(market: FakeMarket, channels: readonly Channel[], health: StreamHealth): Changes {
  const bars = channels.flatMap((one) => (one.channel === 'bars' ? [market.formingOf(one)] : [])).filter((bar) => bar !== undefined);
  const quotes = market.instruments.map((_, at) => market.quote(at, Date.now())).filter((quote) => isQuoted(channels, quote));
  return { bars, quotes, ...(channels.some(({ channel }) => channel === 'health') ? { health } : {}) };
}

function isQuoted(channels: readonly Channel[], { venue, symbol }: { readonly venue: string; readonly symbol: string }): boolean {
  return channels.some((one) => one.channel === 'quotes' && (one.venue ?? venue) === venue && (one.symbol ?? symbol) === symbol);
}

interface Beat {
  readonly daemon: FakeDaemon;
  readonly market: FakeMarket;
  readonly share: number;
  readonly health: StreamHealth;
}

function beatOnce({ daemon, market, share, health }: Beat): void {
  const nowMs = Date.now();
  const traded = market.instruments.flatMap((_, at) => (Math.random() < share ? [at] : []));
  const trades = traded.map((at) => market.trade(at, nowMs));
  const folded = new Map(trades.flatMap((trade) => Object.keys(specMs).map((spec) => {
    const bar = market.fold(trade, spec);
    return [`${bar.venue} ${bar.symbol} ${spec}`, bar] as const;
  })));
  daemon.tellAll((channels) => ({
    quotes: traded.map((at) => market.quote(at, nowMs)).filter((quote) => isQuoted(channels, quote)),
    bars: channels.flatMap((one) => (one.channel === 'bars' ? [folded.get(`${one.venue} ${one.symbol} ${one.spec}`)] : []))
      .filter((bar) => bar !== undefined),
    trades: trades.filter((trade) => channels.some((one) => one.channel === 'trades' && one.venue === trade.venue
      && one.symbol === trade.symbol)),
    ...(channels.some(({ channel }) => channel === 'health') ? { health } : {}),
  }));
}
