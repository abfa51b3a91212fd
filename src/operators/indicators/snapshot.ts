import type { InstrumentTable } from '../../model/instruments.ts';
import type { Fingerprints } from '../fingerprints.ts';
import { NameCollector, placesIn, type InstrumentNames } from '../instrument-names.ts';
import type { NamedSeries } from './lane-indicators.ts';

/** One indicator: the lists of its instruments one behind the other, `width` numbers a bar (see bar-nodes.ts). */
export interface SeriesState {
  readonly text: string;
  readonly isLate: boolean;
  /** Places of the instruments. */
  readonly instruments: Int32Array;
  /** Bars by instrument. */
  readonly lengths: Int32Array;
  readonly isCut: Uint8Array;
  readonly lossPositions: Float64Array;
  readonly lossFromMs: Float64Array;
  readonly width: number;
  readonly values: Float64Array;
}

export interface IndicatorsState {
  readonly names: InstrumentNames;
  readonly series: readonly SeriesState[];
}

/** Each indicator stands for itself. */
export function fingerprintsOf(all: readonly NamedSeries[]): Fingerprints {
  return Object.fromEntries(all.map(({ text, series }) => [`indicator ${text}`, series.indicator.meaning]));
}

/** Those of `own` that `other` has too. */
export function sharedOnly(own: Fingerprints, other: Fingerprints): Fingerprints {
  return Object.fromEntries(Object.entries(own).filter(([name]) => Object.hasOwn(other, name)));
}

/** Between two batches, when nothing waits to be emitted. */
export function indicatorsState(all: readonly NamedSeries[], instruments: InstrumentTable): IndicatorsState {
  const names = new NameCollector(instruments);
  const series = all.map((one) => seriesState(one, instruments, names));
  return { names: names.names(), series };
}

function seriesState({ text, series }: NamedSeries, instruments: InstrumentTable, names: NameCollector): SeriesState {
  const { lists, isLate } = series;
  const known: number[] = [];
  for (let instrument = 0; instrument < Math.min(lists.size, instruments.size); instrument++) {
    if (lists.first(instrument) !== 0) known.push(instrument);
  }
  const saved = known.map((instrument) => lists.save(instrument));
  const width = lists.nodes.stride;
  const values = new Float64Array(saved.reduce((sum, { nodes }) => sum + nodes.length, 0));
  let at = 0;
  for (const { nodes } of saved) {
    values.set(nodes, at);
    at += nodes.length;
  }
  return {
    text, isLate, width, values,
    instruments: names.placesOf(Int32Array.from(known)),
    lengths: Int32Array.from(saved, ({ nodes }) => nodes.length / width),
    isCut: Uint8Array.from(saved, ({ isCut }) => (isCut ? 1 : 0)),
    lossPositions: Float64Array.from(saved, ({ lossPosition }) => lossPosition),
    lossFromMs: Float64Array.from(saved, ({ lossFromMs }) => lossFromMs),
  };
}

/** Into series that have not seen a bar yet. Those that the state does not know begin late. */
export function restoreSeries(all: readonly NamedSeries[], from: IndicatorsState, instruments: InstrumentTable): void {
  const places = placesIn(instruments, from.names);
  for (const { text, series } of all) {
    const saved = from.series.find((one) => one.text === text);
    series.isLate = saved?.isLate ?? true;
    if (saved === undefined) continue;
    let at = 0;
    for (const [row, place] of saved.instruments.entries()) {
      const until = at + saved.lengths[row] * saved.width;
      series.lists.restore(places.instruments[place], {
        isCut: saved.isCut[row] === 1, lossPosition: saved.lossPositions[row], lossFromMs: saved.lossFromMs[row],
        nodes: saved.values.subarray(at, until),
      });
      at = until;
    }
  }
}
