import type { IndicatorLine } from '../model/indicator.ts';
import { barJson, prefixOf, valueJson } from './encode.ts';
import type { FeedContext, NamedInstrument } from './feed.ts';
import type { RowSeries } from './row-feed.ts';

/** Bars of an instrument in a spec. */
export function barSeries(
  { venue, symbol }: NamedInstrument, spec: { readonly index: number; readonly name: string }, { lanes }: FeedContext,
): RowSeries<'bars'> {
  const prefix = prefixOf({ venue, symbol, spec: spec.name });
  return {
    kind: 'bars', index: spec.index,
    jsonOf: (rows, row) => barJson(prefix, rows, row),
    showNewest: (instrument, see) => {
      const bars = lanes.newestBars(instrument, spec.index);
      for (let row = bars.length - 1; row >= 0; row--) see(bars, row);
    },
  };
}

export interface LinePlace extends IndicatorLine {
  /** Among all lines of the pipeline. */
  readonly index: number;
  /** Of its bars, among all specs. */
  readonly spec: number;
}

/** Values of a line on the bars of an instrument. */
export function valueSeries(
  { venue, symbol }: NamedInstrument, line: LinePlace, { lanes, changes }: FeedContext,
): RowSeries<'values'> {
  const prefix = prefixOf({ venue, symbol, spec: line.barSpec, indicator: line.indicator });
  return {
    kind: 'values', index: line.index,
    jsonOf: (rows, row) => valueJson(prefix, rows, row),
    showNewest: (instrument, see) => {
      const values = lanes.newestValues(instrument, line.spec, changes.last);
      for (let row = 0; row < values.length; row++) if (values.line[row] === line.index) see(values, row);
    },
  };
}
