import type { Place } from '../../places.ts';
import { addressOf } from '../../places.ts';
import type { Comparison } from './columns.ts';

/* What the tab shows stands in its address: /history/VENUE/SYMBOL/SPEC?from=&until=&venue2=&symbol2=&how=. */

export interface Shown {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  /** ISO 8601 in UTC; null: the newest bars, as many as are shown at once. */
  readonly from: string | null;
  /** Exclusive; null: up to now. */
  readonly until: string | null;
  readonly other: { readonly venue: string; readonly symbol: string } | null;
  readonly how: Comparison;
}

/** Null where no instrument is named. */
export function shownAt({ rest, query }: Place): Shown | null {
  const [venue, symbol, spec = '1m'] = rest;
  if (venue === undefined || symbol === undefined) return null;
  const asked = new URLSearchParams(query);
  const [venue2, symbol2] = [asked.get('venue2'), asked.get('symbol2')];
  return {
    venue, symbol, spec, from: timeOf(asked.get('from')), until: timeOf(asked.get('until')),
    other: venue2 === null || symbol2 === null ? null : { venue: venue2, symbol: symbol2 },
    how: asked.get('how') === 'side' ? 'side' : 'indexed',
  };
}

function timeOf(text: string | null): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

export function addressOfShown({ venue, symbol, spec, from, until, other, how }: Shown): string {
  const asked = new URLSearchParams();
  if (from !== null) asked.set('from', from);
  if (until !== null) asked.set('until', until);
  if (other !== null) {
    asked.set('venue2', other.venue);
    asked.set('symbol2', other.symbol);
    if (how !== 'indexed') asked.set('how', how);
  }
  return addressOf('history', [venue, symbol, spec], asked.toString());
}
