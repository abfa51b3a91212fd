import type { IndicatorColumns } from '../../model/indicator.ts';
import type { RowBatch } from '../../model/rows.ts';
import type { PoolClient } from '../../postgres.ts';
import type { RowNames } from '../set-aside.ts';
import { SinkError } from '../sink.ts';
import { exactDouble, microseconds } from './arrays.ts';
import { KeyOrder } from './key-order.ts';
import { upsertIndicators } from './sql/indicators.ts';

/** Writes the values of indicators, behind the bars of their batch and in the same transaction. */
export class IndicatorWriter {
  readonly #names: RowNames;
  readonly #order: KeyOrder;

  constructor(names: RowNames) {
    this.#names = names;
    const lines = (names.indicatorLines ?? []).map(({ barSpec, indicator }) => `${barSpec}\0${indicator}`);
    this.#order = new KeyOrder(names.instruments, lines);
  }

  /**
   * Returns how many rows the guard left out. Throws a SinkError `bad-row` for what no column can hold, before anything is
   * sent.
   */
  async write(client: PoolClient, batch: RowBatch): Promise<number> {
    const { indicators, lane } = batch;
    if (indicators.length === 0) return 0;
    this.#refuseIllFormed(batch);
    const rows = Int32Array.from({ length: indicators.length }, (_, row) => row);
    this.#order.sort(indicators, rows);
    const { rowCount } = await client.query(upsertIndicators, [
      lane.name, lane.generation, ...this.#arrays(indicators, rows),
    ]);
    return indicators.length - (rowCount ?? 0);
  }

  #arrays(indicators: IndicatorColumns, sorted: Int32Array): unknown[] {
    const { instruments, indicatorLines = [] } = this.#names;
    const rows = [...sorted];
    const integers = (column: Float64Array | Int32Array | Uint8Array): number[] => rows.map((row) => column[row]);
    return [
      rows.map((row) => instruments.venue(indicators.instrument[row])),
      rows.map((row) => instruments.symbol(indicators.instrument[row])),
      rows.map((row) => indicatorLines[indicators.line[row]].barSpec),
      rows.map((row) => indicatorLines[indicators.line[row]].indicator),
      rows.map((row) => microseconds(indicators.openTimeMs[row])), integers(indicators.barIndex),
      rows.map((row) => microseconds(indicators.closeTimeMs[row])),
      rows.map((row) => (Number.isNaN(indicators.value[row]) ? null : exactDouble(indicators.value[row]))),
      integers(indicators.quality), integers(indicators.state), integers(indicators.revision),
      rows.map((row) => indicators.whole[row] === 1), integers(indicators.position),
    ];
  }

  /** UTF-8 has no lone surrogates: two such names would become one key. */
  #refuseIllFormed({ bars, indicators }: RowBatch): void {
    for (let row = 0; row < indicators.length; row++) {
      const symbol = this.#names.instruments.symbol(indicators.instrument[row]);
      if (symbol.isWellFormed()) continue;
      const rowIndex = bars.length + row;
      throw new SinkError({ kind: 'bad-row', rowIndex },
        `Row ${rowIndex} cannot be written: the symbol ${JSON.stringify(symbol)} is not Unicode text.`);
    }
  }
}
