import { IndicatorColumns, type IndicatorLine } from '../../src/model/indicator.ts';

/** A value of an indicator; what is left out is that of an ordinary one. `at` is its bar, by number. */
export interface PlainValue {
  readonly at?: number;
  readonly instrument?: number;
  readonly line?: number;
  readonly value?: number;
  readonly quality?: number;
  readonly state?: number;
  readonly revision?: number;
  readonly whole?: boolean;
  readonly position?: number;
  readonly again?: boolean;
}

export const indicatorLines: readonly IndicatorLine[] = [
  { indicator: 'rsi(14)', barSpec: '1m' }, { indicator: 'rsi(7)', barSpec: '1m' }, { indicator: 'rsi(14)', barSpec: '5m' },
];

const beginMs = 1_700_000_040_000;
export const openMsOf = (at: number): number => beginMs + at * 60_000;

export function valuesOf(rows: readonly PlainValue[]): IndicatorColumns {
  const values = new IndicatorColumns(1);
  for (const plain of rows) {
    const { at = 0, instrument = 0, line = 0, value = 50, quality = 0, state = 3, revision = 0, whole = true, position = 10 } = plain;
    const row = values.add();
    values.instrument[row] = instrument;
    values.line[row] = line;
    values.openTimeMs[row] = openMsOf(at);
    values.closeTimeMs[row] = openMsOf(at + 1);
    values.barIndex[row] = 0;
    values.value[row] = value;
    values.quality[row] = quality;
    values.state[row] = state;
    values.revision[row] = revision;
    values.whole[row] = whole ? 1 : 0;
    values.position[row] = position;
    values.again[row] = plain.again === true ? 1 : 0;
  }
  return values;
}
