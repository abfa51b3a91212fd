import type { BarSpec } from '../model/bar-spec.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import type { BarSettings } from './bar-settings.ts';
import type { BarWindow, GapList } from './gap-list.ts';
import type { TablePool, WindowTable } from './window-table.ts';

/** What all venues of a lane share. */
export interface FoldContext {
  readonly instruments: InstrumentTable;
  readonly specs: readonly BarSpec[];
  readonly gridMs: number;
  /** Index of the spec whose bars are the base rows themselves, or -1. */
  readonly baseSpec: number;
  /** The fold begins where the log does: what comes first misses nothing. */
  readonly complete: boolean;
  readonly settings: Pick<BarSettings, 'out_of_orderness_ms' | 'allowed_lateness_ms' | 'idle_ms'>;
  readonly pool: TablePool;
  readonly gaps: GapList;
}

/**
 * The bars of one spec and one window. Its life: forming; perhaps provisional (the clock has closed it); closed (the log
 * has); and gone, once it is settled.
 */
export interface SpecWindow extends BarWindow {
  state: number;
  /** Of the record that closed it; 0 before. */
  closePosition: number;
  /** Rows up to this one have been emitted. */
  emittedRows: number;
  /** What must be emitted at the end of this call: nothing, the rows of `dirtyRows`, or all. */
  queued: 'nothing' | 'dirty' | 'all';
  readonly dirtyRows: Set<number>;
  /**
   * Base spec: the base rows. Coarser: what has settled of each bar, and beside it what belongs to the bar (revision,
   * gap position); a bar is this and its unsettled base rows.
   */
  readonly table: WindowTable;
}

/** A stretch of the base grid that ticks can still come into. */
export interface BaseWindow {
  readonly openMs: number;
  readonly endMs: number;
  readonly table: WindowTable;
  /** By spec: the window that this one is a part of. */
  readonly parents: readonly SpecWindow[];
}
