import { MdpError } from '../errors.ts';
import type { BarSpec } from '../model/bar-spec.ts';
import type { BarColumns } from '../model/bar.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import { ofOneLane, type Lane } from '../model/lane.ts';
import { Admission, type AdmissionSettings } from '../operators/admission.ts';
import type { Emit } from '../operators/operator.ts';
import { createTimeBars, type BarSettings } from '../operators/time-bars.ts';
import type { Source } from '../sources/source.ts';
import type { ExpectedBar, ExpectedCell, Expectation } from './expectation.ts';

export interface TradeFold {
  /** For people: the files. */
  readonly name: string;
  /** Reads the whole log once, and ends. */
  readonly source: Source;
  readonly instruments: InstrumentTable;
  /** All of the configuration, so that sums are rounded along the same base grid. */
  readonly specs: readonly BarSpec[];
  readonly bars: BarSettings;
  readonly admission: AdmissionSettings;
  /** The log begins at the beginning and its end is final: else bars at both ends are not compared. */
  readonly complete: boolean;
}

/**
 * A fresh fold of a trade log as what stored bars must be. It goes through the program's own source, admission and
 * operators: it finds rows that were lost or changed on their way into the table and in it, and cannot find a fault of
 * the fold (the oracle of the tests is for that). Bars of which the log holds only a part are left out. Throws what the
 * source throws, and an MdpError `source-malformed` when no bar comes of it.
 */
export async function foldOfTrades(
  fold: TradeFold, series: { readonly venue: string; readonly symbol: string; readonly spec: string },
): Promise<Expectation> {
  const rows = new SeriesRows(fold, series);
  const lane = laneOf(fold);
  const { instruments, specs } = fold;
  const admission = new Admission({ lane, instruments, settings: { ...fold.bars, ...fold.admission } });
  const bars = createTimeBars({ lane, instruments, specs, settings: fold.bars, bounds: admission.bounds });
  const resume = { ...ofOneLane, take: async () => ({
    lane, position: 0, lastRecordHash: null, startTimeMs: 0, newestEventTimeMs: null,
  }) };
  let nextPosition = 0;
  for await (const item of fold.source.read(resume, new AbortController().signal)) {
    if (item.kind === 'gap') {
      bars.onGap(item, rows);
    } else {
      bars.onBatch(admission.admit(item, rows), rows);
      nextPosition = item.nextPosition;
    }
  }
  if (fold.complete) {
    const released = admission.end(nextPosition, rows);
    if (released !== null) bars.onBatch(released, rows);
    bars.onEnd(nextPosition, rows);
  }
  return rows.expectation();
}

function laneOf({ source, complete }: TradeFold): Lane {
  const { name, pausable } = source;
  return {
    name: `verify/${name}`, source: name, generation: 1, pausable, complete, fromPosition: 0, storedUntilMs: -Infinity,
  };
}

/** Keeps the last row of every bar of one series. */
class SeriesRows implements Emit {
  readonly #fold: TradeFold;
  readonly #spec: number;
  readonly #instrument: number;
  readonly #bars = new Map<number, { readonly bar: ExpectedBar; readonly closeTimeMs: number }>();
  readonly #wanted: string;

  constructor(fold: TradeFold, { venue, symbol, spec }: { venue: string; symbol: string; spec: string }) {
    this.#fold = fold;
    this.#spec = fold.specs.findIndex(({ name }) => name === spec);
    this.#instrument = fold.instruments.intern(venue, symbol);
    this.#wanted = `${venue} ${symbol} ${spec}`;
    if (this.#spec !== -1) return;
    const known = fold.specs.map(({ name }) => name).join(', ');
    throw new MdpError('bar-spec-invalid', `${spec} is not one of bars.specs (${known}); compare one of these.`);
  }

  bars(rows: BarColumns): void {
    for (let row = 0; row < rows.length; row++) {
      if (rows.spec[row] !== this.#spec || rows.instrument[row] !== this.#instrument) continue;
      const openTimeMs = rows.openTimeMs[row];
      if (rows.whole[row] === 1) {
        const bar = { openTimeMs, cells: cellsOf(rows, row) };
        this.#bars.set(openTimeMs, { bar, closeTimeMs: rows.closeTimeMs[row] });
      } else {
        this.#bars.delete(openTimeMs);
      }
    }
  }

  indicators(): void {}

  lateTick(): void {}

  gap(): void {}

  alert(): void {}

  deadLetter(): void {}

  expectation(): Expectation {
    const bars = [...this.#bars.values()].sort((a, b) => a.bar.openTimeMs - b.bar.openTimeMs);
    const [first, last] = [bars.at(0), bars.at(-1)];
    if (first === undefined || last === undefined) {
      throw new MdpError('source-malformed', `No whole bar of ${this.#wanted} comes of ${this.#fold.name}; ` +
        'look at venue, symbol and spec, and whether the source is declared complete.');
    }
    return {
      name: `a fresh fold of ${this.#fold.name} by this program`,
      range: async () => ({ fromMs: first.bar.openTimeMs, untilMs: last.closeTimeMs }),
      async *bars() {
        for (const { bar } of bars) yield bar;
      },
    };
  }
}

/** All but the stamp: a log may have been told in other pieces. */
function cellsOf(rows: BarColumns, row: number): readonly ExpectedCell[] {
  const [volume, notional] = [rows.volume[row], rows.notional[row]];
  const cells = [
    ['close_time', rows.closeTimeMs[row]],
    ['open', rows.open[row]], ['high', rows.high[row]], ['low', rows.low[row]], ['close', rows.close[row]],
    ['volume', volume], ['notional', notional], ['vwap', volume === 0 ? null : notional / volume],
    ['trades', rows.trades[row]], ['buy_volume', rows.buyVolume[row]], ['sell_volume', rows.sellVolume[row]],
    ['quality', rows.quality[row]], ['revision', rows.revision[row]], ['whole', rows.whole[row]],
  ] as const;
  return cells.map(([column, value]) => ({ column, value, decimals: null }));
}
