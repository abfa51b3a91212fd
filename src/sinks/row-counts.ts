import type { AlertRow } from '../model/alert.ts';
import { barState, type BarColumns } from '../model/bar.ts';

/** What the row batcher of a lane has taken. */
export class RowCounts {
  emitted = 0;
  superseded = 0;
  provisional = 0;
  closed = 0;
  revised = 0;
  readonly alerts = { triggered: 0, withdrawn: 0 };

  countBar(rows: BarColumns, row: number): void {
    if (rows.revision[row] > 0) this.revised++;
    else if (rows.state[row] === barState.closed) this.closed++;
    else this.provisional++;
  }

  countAlert({ news }: AlertRow): void {
    if (news !== null) this.alerts[news]++;
  }
}
