import type { InstrumentTable } from '../model/instruments.ts';
import type { BodyWriter } from './body-writer.ts';
import type { Changes } from './changes.ts';
import type { LaneWatch } from './lane-watch.ts';
import type { QuoteBoard } from './quote-board.ts';
import type { RecentRows } from './recent-rows.ts';

/** What one channel carries, for all who are subscribed to it. */
export interface Feed {
  /** Where its items stand in a message; those of one kind must follow each other. */
  readonly kind: FeedKind;
  /** Number of its last change; see `Changes`. */
  readonly changedAt: number;
  /** Number of the last change that it cannot tell any more; 0 where there is none. */
  readonly forgottenAt: number;
  /** Adds what has changed after the change `since`, each thing once and as it is now. */
  writeSince(out: BodyWriter, since: number): void;
  /** Adds its newest state. */
  writeSnapshot(out: BodyWriter): void;
  /** Every client has been told all changes up to this one. */
  toldUntil?(change: number): void;
}

/** In the order of lists in a message. */
export const feedKinds = ['bars', 'values', 'quotes', 'trades', 'gaps', 'alerts', 'health'] as const;
export type FeedKind = typeof feedKinds[number];

/** What all feeds are made from. */
export interface FeedContext {
  readonly instruments: InstrumentTable;
  readonly changes: Changes;
  readonly recent: RecentRows;
  readonly lanes: LaneWatch;
  readonly board: QuoteBoard;
}

/** An instrument by name, which may still come. */
export class NamedInstrument {
  readonly venue: string;
  readonly symbol: string;
  /** Its index; -1 as long as nobody has heard of it. */
  index = -1;

  constructor(venue: string, symbol: string) {
    this.venue = venue;
    this.symbol = symbol;
  }
}
