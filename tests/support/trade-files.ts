const startMs = Date.UTC(2026, 0, 5, 12);
export const tradeSymbols = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD', 'ADA-USD'];

/** A line of a trade file, under our names. */
export interface Trade {
  readonly trade_id: number;
  readonly event_time_ms: number;
  readonly side: string;
  readonly price: number;
  readonly size: number;
  readonly symbol: string;
}

/** Ten milliseconds apart, their ids counted from 0. */
export function trades(count: number): Trade[] {
  return Array.from({ length: count }, (_, index) => ({
    trade_id: index, event_time_ms: startMs + index * 10, side: index % 2 === 0 ? 'buy' : 'sell', price: 100 + index / 8,
    size: 1 + index % 7, symbol: tradeSymbols[index % tradeSymbols.length],
  }));
}

export function csvOfTrades(list: readonly Trade[]): string {
  const lines = list.map(({ trade_id, event_time_ms, side, price, size, symbol }) =>
    `${trade_id},${event_time_ms},${side},${price},${size},${symbol}\n`);
  return `trade_id,event_time_ms,side,price,size,symbol\n${lines.join('')}`;
}
