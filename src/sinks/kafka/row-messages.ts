import type { KeyedMessage } from '../../kafka/ordered-writer.ts';
import type { RemovedRows } from '../../model/removed-rows.ts';
import type { RowBatch } from '../../model/rows.ts';
import type { RowNames } from '../set-aside.ts';

/*
 * What stands in the topics: docs/topics.md is the promise. Names and numbers are those of the columns of the tables,
 * times ms since 1970 UTC.
 */

/** The bars of a batch, in its order. */
export function* barMessages({ lane, bars }: RowBatch, { instruments, specNames }: RowNames): Generator<KeyedMessage> {
  for (let row = 0; row < bars.length; row++) {
    const symbol = instruments.symbol(bars.instrument[row]);
    const [volume, notional] = [bars.volume[row], bars.notional[row]];
    yield { key: symbol, value: JSON.stringify({
      lane: lane.name, venue: instruments.venue(bars.instrument[row]), symbol, bar_spec: specNames[bars.spec[row]],
      open_time: bars.openTimeMs[row], bar_index: bars.barIndex[row], close_time: bars.closeTimeMs[row],
      open: exact(bars.open[row]), high: exact(bars.high[row]), low: exact(bars.low[row]), close: exact(bars.close[row]),
      volume: exact(volume), notional: exact(notional), vwap: volume === 0 ? null : exact(notional / volume),
      trades: bars.trades[row], buy_volume: exact(bars.buyVolume[row]), sell_volume: exact(bars.sellVolume[row]),
      quality: bars.quality[row], revision: bars.revision[row], whole: bars.whole[row] === 1,
      generation: lane.generation, position: bars.position[row], state: bars.state[row],
    }) };
  }
}

/** The values of a batch whose line is `wanted`, in its order. */
export function* indicatorMessages(
  { lane, indicators }: RowBatch, { instruments, indicatorLines = [] }: RowNames, wanted: (line: number) => boolean,
): Generator<KeyedMessage> {
  for (let row = 0; row < indicators.length; row++) {
    if (!wanted(indicators.line[row])) continue;
    const symbol = instruments.symbol(indicators.instrument[row]);
    const { barSpec, indicator } = indicatorLines[indicators.line[row]];
    const value = indicators.value[row];
    yield { key: symbol, value: JSON.stringify({
      lane: lane.name, venue: instruments.venue(indicators.instrument[row]), symbol, bar_spec: barSpec, indicator,
      open_time: indicators.openTimeMs[row], bar_index: indicators.barIndex[row], close_time: indicators.closeTimeMs[row],
      value: Number.isNaN(value) ? null : exact(value), quality: indicators.quality[row], revision: indicators.revision[row],
      whole: indicators.whole[row] === 1, generation: lane.generation, position: indicators.position[row],
      state: indicators.state[row],
    }) };
  }
}

/**
 * Of rows that a later telling does not have. Whole, it wins over all that older ones have said; not closed, it gives way to
 * anything that one after it says, as the table does, which has nothing there.
 */
export function* removalMessages({ lane, generation, position, rows }: RemovedRows): Generator<KeyedMessage> {
  for (const { venue, symbol, barSpec, indicator, openTimeMs, barIndex, closeTimeMs } of rows) {
    yield { key: symbol, value: JSON.stringify({
      lane, venue, symbol, bar_spec: barSpec, ...(indicator === null ? {} : { indicator }), open_time: openTimeMs,
      bar_index: barIndex, close_time: closeTimeMs, removed: true, whole: true, generation, position, state: 2,
    }) };
  }
}

/** JSON has no infinite numbers: they are written as text. */
function exact(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
