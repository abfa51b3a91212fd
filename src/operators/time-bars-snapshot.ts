import { MdpError } from '../errors.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import type { Stretch } from './gap-list.ts';
import type { FoldContext } from './fold-context.ts';
import type { VenueWindows } from './venue-windows.ts';
import { stride, type WindowTable } from './window-table.ts';

/** Rows by symbol: `values` holds `stride` columns a row, as window-table.ts has them. */
export interface RowsState {
  readonly symbols: readonly string[];
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
  readonly venue: string;
  readonly newestMs: number;
  readonly receivedTimeMs: number;
  readonly wholeFromMs: Readonly<Record<string, number>>;
  readonly base: readonly { readonly openMs: number; readonly rows: RowsState }[];
  readonly windows: readonly WindowState[];
}

export interface GapsState {
  /** Venue '' stands for all. */
  readonly byVenue: readonly { readonly venue: string; readonly stretches: readonly StretchState[] }[];
  readonly byInstrument: readonly {
    readonly venue: string; readonly symbol: string; readonly stretches: readonly StretchState[];
  }[];
}

/** Spec '' stands for all. */
type StretchState = Omit<Stretch, 'spec'> & { readonly spec: string };

/** Plain data: names in the place of table indices, columns in the place of rows. */
export interface TimeBarsState {
  readonly venues: readonly VenueBarsState[];
  readonly gaps: GapsState;
}

/** What must be the same for a snapshot to mean the same; specs may come and go while the base grid stays. */
export function fingerprintOf({ gridMs, settings }: FoldContext): string {
  const { out_of_orderness_ms, allowed_lateness_ms } = settings;
  return `base grid ${gridMs} ms, out_of_orderness_ms ${out_of_orderness_ms}, allowed_lateness_ms ${allowed_lateness_ms}`;
}

export function refuseOther(fingerprint: string, own: string): void {
  if (fingerprint === own) return;
  throw new MdpError('config-invalid', `The snapshot was taken with ${fingerprint}; the configuration now says ${own}. ` +
    'Every bar would change its meaning: put the settings back, or start the lane anew.');
}

export function venueState(windows: VenueWindows): VenueBarsState {
  const { instruments, specs, baseSpec } = windows.context;
  return {
    venue: instruments.venueName(windows.venue),
    newestMs: windows.clock.newestMs,
    receivedTimeMs: windows.receivedTimeMs,
    wholeFromMs: Object.fromEntries(specs.map((spec, index) => [spec.name, windows.wholeFromMs[index]])),
    base: windows.base.map(({ openMs, table }) => ({ openMs, rows: rowsState(table, instruments) })),
    windows: windows.bySpec.flat().map(({ spec, openMs, endMs, state, emittedRows, table }) => ({
      spec: specs[spec].name, openMs, endMs, state, emittedRows,
      rows: spec === baseSpec ? null : rowsState(table, instruments),
    })),
  };
}

/** Into windows that have not seen a tick yet. */
export function restoreVenue(windows: VenueWindows, from: VenueBarsState): void {
  const { specs, baseSpec } = windows.context;
  windows.clock.newestMs = from.newestMs;
  windows.receivedTimeMs = from.receivedTimeMs;
  // A spec that is new knows base bars from the horizon on: bars that open before that miss some.
  const newSpecFromMs = Math.max(windows.clock.horizonMs, ...Object.values(from.wholeFromMs));
  for (const [index, { name }] of specs.entries()) windows.wholeFromMs[index] = from.wholeFromMs[name] ?? newSpecFromMs;
  const baseTables = new Map(from.base.map(({ openMs, rows }) => [openMs, restoredTable(windows, from.venue, rows)]));
  for (const { spec: name, rows, ...rest } of from.windows) {
    const spec = specs.findIndex((known) => known.name === name);
    const table = spec === baseSpec ? baseTables.get(rest.openMs) : rows && restoredTable(windows, from.venue, rows);
    if (spec === -1 || !table) continue;
    // What emits a closed bar again stands behind the record that closed it: that position has done its work.
    windows.restoreWindow({
      ...rest, venue: windows.venue, spec, table, closePosition: 0, queued: 'nothing', dirtyRows: new Set() });
  }
  for (const [openMs, table] of baseTables) windows.addBase(openMs, table);
}

function rowsState(table: WindowTable, instruments: InstrumentTable): RowsState {
  const symbols = Array.from({ length: table.length }, (_, index) => instruments.symbol(table.instruments[index + 1]));
  return { symbols, values: table.values.slice(stride, (table.length + 1) * stride) };
}

function restoredTable({ context }: VenueWindows, venue: string, { symbols, values }: RowsState): WindowTable {
  const rows = symbols.map((symbol) => context.instruments.intern(venue, symbol));
  const table = context.pool.take(context.instruments.size);
  for (const instrument of rows) table.add(instrument);
  table.values.set(values, stride);
  return table;
}

export function gapsState({ gaps, instruments, specs }: FoldContext): GapsState {
  const { byVenue, byInstrument } = gaps.snapshot();
  const named = (stretches: readonly Stretch[]): StretchState[] =>
    stretches.map(({ spec, ...rest }) => ({ ...rest, spec: specs[spec]?.name ?? '' }));
  return {
    byVenue: byVenue.map(([venue, stretches]) => (
      { venue: venue === -1 ? '' : instruments.venueName(venue), stretches: named(stretches) })),
    byInstrument: byInstrument.map(([instrument, stretches]) => (
      { venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), stretches: named(stretches) })),
  };
}

export function restoreGaps({ gaps, instruments, specs }: FoldContext, from: GapsState): void {
  const indexed = (stretches: readonly StretchState[]): Stretch[] => stretches
    .filter(({ spec }) => spec === '' || specs.some(({ name }) => name === spec))
    .map(({ spec, ...rest }) => ({ ...rest, spec: specs.findIndex(({ name }) => name === spec) }));
  gaps.restore({
    byVenue: from.byVenue.map(({ venue, stretches }) => (
      [venue === '' ? -1 : instruments.venueIndex(venue), indexed(stretches)])),
    byInstrument: from.byInstrument.map(({ venue, symbol, stretches }) => (
      [instruments.intern(venue, symbol), indexed(stretches)])),
  });
}
