import type { FoldContext } from './fold-context.ts';
import { changesIn, type Fingerprints } from './fingerprints.ts';
import { goneSpec, type StretchColumns } from './gap-list.ts';
import { NameCollector, placesIn, type InstrumentNames, type Places } from './instrument-names.ts';
import { restoredTables, tablesState, type TablesState } from './tables-state.ts';
import type { VenueWindows } from './venue-windows.ts';
import type { WindowTable } from './window-table.ts';

/** Windows of all specs in order of spec and time, a row a window. */
export interface WindowsState {
  /** Index into the specs of the snapshot. */
  readonly specs: Int32Array;
  readonly openMs: Float64Array;
  readonly endMs: Float64Array;
  readonly states: Uint8Array;
  readonly emittedRows: Int32Array;
  /** None for the spec of the base grid: its rows are the base rows. */
  readonly tables: TablesState;
}

export interface VenueBarsState {
  /** Its place. */
  readonly venue: number;
  readonly newestMs: number;
  readonly firstMs: number;
  readonly receivedTimeMs: number;
  /** By spec of the snapshot. */
  readonly wholeFromMs: Float64Array;
  readonly base: { readonly openMs: Float64Array; readonly tables: TablesState };
  readonly windows: WindowsState;
}

/** Keys are places, specs are indices into the specs of the snapshot, and -1 stands for all of them. */
export interface GapsState {
  readonly byVenue: StretchColumns;
  readonly byInstrument: StretchColumns;
}

/** Plain data: places in lists of names where the fold has indices, columns where it has rows. */
export interface TimeBarsState {
  readonly specs: readonly string[];
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
  return { specs: context.specs.map(({ name }) => name), names: names.names(), venues: states, gaps };
}

function venueState(from: VenueWindows, names: NameCollector): VenueBarsState {
  const { context, venue, clock, firstMs, receivedTimeMs, wholeFromMs, base, bySpec } = from;
  const windows = bySpec.flat();
  return {
    venue: names.placeOfVenue(venue),
    newestMs: clock.newestMs,
    firstMs,
    receivedTimeMs,
    wholeFromMs: Float64Array.from(wholeFromMs),
    base: {
      openMs: Float64Array.from(base, ({ openMs }) => openMs),
      tables: tablesState(base.map(({ table }) => table), names),
    },
    windows: {
      specs: Int32Array.from(windows, ({ spec }) => spec),
      openMs: Float64Array.from(windows, ({ openMs }) => openMs),
      endMs: Float64Array.from(windows, ({ endMs }) => endMs),
      states: Uint8Array.from(windows, ({ state }) => state),
      emittedRows: Int32Array.from(windows, ({ emittedRows }) => emittedRows),
      tables: tablesState(windows.map(({ spec, table }) => (spec === context.baseSpec ? null : table)), names),
    },
  };
}

/** Of a snapshot, in this process: venues and instruments by place, and spec indices by those of the snapshot. */
export interface Origin extends Places {
  /** `goneSpec` where there is no such spec any more. */
  readonly specs: readonly number[];
}

export function originOf({ instruments, specs }: FoldContext, from: TimeBarsState): Origin {
  const indexOf = (name: string): number => {
    const index = specs.findIndex((spec) => spec.name === name);
    return index === -1 ? goneSpec : index;
  };
  return { ...placesIn(instruments, from.names), specs: from.specs.map(indexOf) };
}

/** Into windows that have not seen a tick yet. */
export function restoreVenue(windows: VenueWindows, from: VenueBarsState, origin: Origin): void {
  const { pool, instruments } = windows.context;
  windows.clock.newestMs = from.newestMs;
  windows.firstMs = from.firstMs;
  windows.receivedTimeMs = from.receivedTimeMs;
  // A spec that is new knows base bars from the horizon on: bars that open before that miss some.
  windows.wholeFromMs.fill(Math.max(windows.clock.horizonMs, ...from.wholeFromMs));
  for (const [saved, spec] of origin.specs.entries()) {
    if (spec !== goneSpec) windows.wholeFromMs[spec] = from.wholeFromMs[saved];
  }
  const take = (): WindowTable => pool.take(instruments.size);
  const baseTables = new Map<number, WindowTable>();
  let at = 0;
  for (const table of restoredTables(from.base.tables, origin, take)) baseTables.set(from.base.openMs[at++], table);
  restoreWindows(windows, from.windows, { origin, baseTables, take });
  for (const [openMs, table] of baseTables) windows.addBase(openMs, table);
}

interface Restoring {
  readonly origin: Origin;
  readonly baseTables: ReadonlyMap<number, WindowTable>;
  readonly take: () => WindowTable;
}

function restoreWindows(windows: VenueWindows, from: WindowsState, { origin, baseTables, take }: Restoring): void {
  const { baseSpec, pool } = windows.context;
  let at = 0;
  for (const own of restoredTables(from.tables, origin, take)) {
    const row = at++;
    const spec = origin.specs[from.specs[row]];
    const openMs = from.openMs[row];
    const table = spec === baseSpec ? baseTables.get(openMs) : own;
    if (table !== own) pool.give(own);
    if (spec === goneSpec || table === undefined) continue;
    // What emits a closed bar again stands behind the record that closed it: that position has done its work.
    windows.restoreWindow({
      venue: windows.venue, spec, openMs, endMs: from.endMs[row], state: from.states[row],
      emittedRows: from.emittedRows[row], table, closePosition: 0, queued: 'nothing', dirtyRows: new Set(),
    });
  }
}

function gapsState({ gaps }: FoldContext, names: NameCollector): GapsState {
  const { byVenue, byInstrument } = gaps.snapshot();
  return {
    byVenue: { ...byVenue, keys: byVenue.keys.map((venue) => (venue === -1 ? -1 : names.placeOfVenue(venue))) },
    byInstrument: { ...byInstrument, keys: names.placesOf(byInstrument.keys) },
  };
}

export function restoreGaps({ gaps }: FoldContext, { byVenue, byInstrument }: GapsState, origin: Origin): void {
  const ownSpecs = ({ specs }: StretchColumns): Int32Array => specs.map((spec) => (spec === -1 ? -1 : origin.specs[spec]));
  gaps.restore({
    byVenue: {
      ...byVenue, specs: ownSpecs(byVenue), keys: byVenue.keys.map((place) => (place === -1 ? -1 : origin.venues[place])),
    },
    byInstrument: {
      ...byInstrument, specs: ownSpecs(byInstrument), keys: byInstrument.keys.map((place) => origin.instruments[place]),
    },
  });
}
