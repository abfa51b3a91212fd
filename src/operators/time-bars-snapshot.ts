import type { FoldContext } from './fold-context.ts';
import { changesIn, type Fingerprints } from './fingerprints.ts';
import { goneSpec, type StretchColumns } from './gap-list.ts';
import { NameCollector, type InstrumentNames, type Places } from './instrument-names.ts';
import type { VenueWindows } from './venue-windows.ts';
import { stride, type WindowTable } from './window-table.ts';

/** Rows side by side, as window-table.ts has them: `width` numbers each. */
export interface RowsState {
  /** Place by row. */
  readonly instruments: Int32Array;
  readonly width: number;
  readonly values: Float64Array;
}

export interface WindowState {
  readonly spec: string;
  readonly openMs: number;
  readonly endMs: number;
  readonly state: number;
  readonly emittedRows: number;
  /** Null for the spec of the base grid: its rows are the base rows. */
  readonly rows: RowsState | null;
}

export interface VenueBarsState {
  /** Its place. */
  readonly venue: number;
  readonly newestMs: number;
  readonly receivedTimeMs: number;
  readonly wholeFromMs: Readonly<Record<string, number>>;
  readonly base: readonly { readonly openMs: number; readonly rows: RowsState }[];
  readonly windows: readonly WindowState[];
}

/** Keys are places; specs are indices into `specs`, and -1 stands for all of them, as for all venues. */
export interface GapsState {
  readonly specs: readonly string[];
  readonly byVenue: StretchColumns;
  readonly byInstrument: StretchColumns;
}

/** Plain data: places in a list of names where the fold has table indices, columns where it has rows. */
export interface TimeBarsState {
  readonly names: InstrumentNames;
  readonly venues: readonly VenueBarsState[];
  readonly gaps: GapsState;
}

const specPrefix = 'bar spec ';

/** What must be the same for a snapshot to mean the same. Each spec stands for itself. */
export function fingerprintsOf({ gridMs, baseSpec, specs, settings }: FoldContext): Fingerprints {
  const ofSpecs = specs.map((spec, index) => [
    `${specPrefix}${spec.name}`,
    `${spec.intervalMs} ms on a grid of ${spec.gridMs} ms${index === baseSpec ? ', the base grid itself' : ''}`,
  ]);
  return {
    'base grid': `${gridMs} ms`,
    'bars.out_of_orderness_ms': String(settings.out_of_orderness_ms),
    'bars.allowed_lateness_ms': String(settings.allowed_lateness_ms),
    ...Object.fromEntries(ofSpecs) as Fingerprints,
  };
}

/** Specs may come and go while the base grid stays; nothing else may differ. */
export function meaningChanges(saved: Fingerprints, own: Fingerprints): string[] {
  const isShared = (name: string): boolean =>
    !name.startsWith(specPrefix) || (Object.hasOwn(saved, name) && Object.hasOwn(own, name));
  const shared = (all: Fingerprints): Fingerprints =>
    Object.fromEntries(Object.entries(all).filter(([name]) => isShared(name)));
  return changesIn(shared(saved), shared(own));
}

/** Between two batches, when nothing waits to be emitted. */
export function timeBarsState(context: FoldContext, venues: readonly VenueWindows[]): TimeBarsState {
  const names = new NameCollector(context.instruments);
  const states = venues.map((windows) => venueState(windows, names));
  const gaps = gapsState(context, names);
  return { names: names.names(), venues: states, gaps };
}

function venueState(windows: VenueWindows, names: NameCollector): VenueBarsState {
  const { specs, baseSpec } = windows.context;
  return {
    venue: names.placeOfVenue(windows.venue),
    newestMs: windows.clock.newestMs,
    receivedTimeMs: windows.receivedTimeMs,
    wholeFromMs: Object.fromEntries(specs.map((spec, index) => [spec.name, windows.wholeFromMs[index]])),
    base: windows.base.map(({ openMs, table }) => ({ openMs, rows: rowsState(table, names) })),
    windows: windows.bySpec.flat().map(({ spec, openMs, endMs, state, emittedRows, table }) => ({
      spec: specs[spec].name, openMs, endMs, state, emittedRows,
      rows: spec === baseSpec ? null : rowsState(table, names),
    })),
  };
}

/** Into windows that have not seen a tick yet. */
export function restoreVenue(windows: VenueWindows, from: VenueBarsState, places: Places): void {
  const { specs, baseSpec } = windows.context;
  windows.clock.newestMs = from.newestMs;
  windows.receivedTimeMs = from.receivedTimeMs;
  // A spec that is new knows base bars from the horizon on: bars that open before that miss some.
  const newSpecFromMs = Math.max(windows.clock.horizonMs, ...Object.values(from.wholeFromMs));
  for (const [index, { name }] of specs.entries()) windows.wholeFromMs[index] = from.wholeFromMs[name] ?? newSpecFromMs;
  const tableOf = (rows: RowsState): WindowTable => restoredTable(windows.context, rows, places);
  const baseTables = new Map(from.base.map(({ openMs, rows }) => [openMs, tableOf(rows)]));
  for (const { spec: name, rows, ...rest } of from.windows) {
    const spec = specs.findIndex((known) => known.name === name);
    const table = spec === baseSpec ? baseTables.get(rest.openMs) : rows && tableOf(rows);
    if (spec === -1 || !table) continue;
    // What emits a closed bar again stands behind the record that closed it: that position has done its work.
    windows.restoreWindow({
      ...rest, venue: windows.venue, spec, table, closePosition: 0, queued: 'nothing', dirtyRows: new Set() });
  }
  for (const [openMs, table] of baseTables) windows.addBase(openMs, table);
}

function rowsState({ instruments, values, length }: WindowTable, names: NameCollector): RowsState {
  return {
    instruments: names.placesOf(instruments.subarray(1, length + 1)),
    width: stride,
    values: values.slice(stride, (length + 1) * stride),
  };
}

function restoredTable(context: FoldContext, { instruments, values }: RowsState, places: Places): WindowTable {
  const table = context.pool.take(context.instruments.size);
  for (const place of instruments) table.add(places.instruments[place]);
  table.values.set(values, stride);
  return table;
}

function gapsState({ gaps, specs }: FoldContext, names: NameCollector): GapsState {
  const { byVenue, byInstrument } = gaps.snapshot();
  const venuePlace = (venue: number): number => (venue === -1 ? -1 : names.placeOfVenue(venue));
  return {
    specs: specs.map(({ name }) => name),
    byVenue: { ...byVenue, keys: byVenue.keys.map(venuePlace) },
    byInstrument: { ...byInstrument, keys: names.placesOf(byInstrument.keys) },
  };
}

export function restoreGaps({ gaps, specs }: FoldContext, from: GapsState, places: Places): void {
  const specOf = from.specs.map((name) => {
    const spec = specs.findIndex((known) => known.name === name);
    return spec === -1 ? goneSpec : spec;
  });
  const ownSpecs = (columns: StretchColumns): Int32Array => columns.specs.map((spec) => (spec === -1 ? -1 : specOf[spec]));
  gaps.restore({
    byVenue: {
      ...from.byVenue, specs: ownSpecs(from.byVenue),
      keys: from.byVenue.keys.map((place) => (place === -1 ? -1 : places.venues[place])),
    },
    byInstrument: {
      ...from.byInstrument, specs: ownSpecs(from.byInstrument),
      keys: from.byInstrument.keys.map((place) => places.instruments[place]),
    },
  });
}
