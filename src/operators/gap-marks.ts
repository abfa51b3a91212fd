import { isOwnLoss, type Gap } from '../model/gap.ts';
import { barState } from '../model/bar.ts';
import { flaw } from './gap-list.ts';
import type { SpecWindow } from './fold-context.ts';
import type { VenueWindows } from './venue-windows.ts';
import { column, stride } from './window-table.ts';

/**
 * Marks the bars of one venue that a gap touches, closed ones included as long as they are not settled (settled ones are
 * not here any more). To be called before the gap joins the lane's list: only a bar that becomes worse by it has changed.
 * What a bar misses is read from the list when it is emitted; here stands which record changed it, and who must be
 * emitted again. `spec` is the index of the spec that the gap is limited to, or -1.
 */
export function markGap(windows: VenueWindows, gap: Gap, spec: number): void {
  const concerns = gap.instruments !== 'all' || gap.venue === 'all' || gap.venue === windows.venue;
  if (!concerns || !(gap.fromMs < gap.untilMs)) return;
  for (const window of windows.bySpec.flat()) {
    if (spec !== -1 && window.spec !== spec) continue;
    if (gap.fromMs >= window.endMs || gap.untilMs <= window.openMs) continue;
    for (const instrument of instrumentsOf(windows, window, gap)) markBar(windows, window, { instrument, gap });
  }
}

function markBar(windows: VenueWindows, window: SpecWindow, { instrument, gap }: { instrument: number; gap: Gap }): void {
  const { gaps } = windows.context;
  const before = Math.max(gaps.flawOf(window), gaps.flawOfInstrument(window, instrument));
  const after = isOwnLoss(gap.reason) ? flaw.ownLoss : flaw.gap;
  const isPartial = window.openMs < windows.wholeFromMs[window.spec];
  // A partial bar is not whole before: any gap makes its quality worse, and after that nothing does.
  if (isPartial ? before !== flaw.none : after <= before) return;
  const row = window.table.rowFor(instrument);
  window.table.values[row * stride + column.gapPosition] = gap.position;
  if (window.state === barState.forming) return;
  window.dirtyRows.add(row);
  windows.enqueue(window, 'dirty');
}

/** The instruments with a bar in a window that a gap concerns. */
function instrumentsOf(windows: VenueWindows, window: SpecWindow, gap: Gap): ReadonlySet<number> {
  const present = new Set<number>();
  const tables = [window.table, ...windows.partsOf(window).map((part) => part.table)];
  for (const table of tables) for (let row = 1; row <= table.length; row++) present.add(table.instruments[row]);
  return gap.instruments === 'all' ? present : present.intersection(new Set(gap.instruments));
}
