import type { RowsDropReason } from './sink-events.ts';
import type { SinkFailure, WriteResult } from './sink.ts';

/** Everything that a pool counts, as plain numbers. */
export class SinkTally {
  readonly rows = { committed: 0, superseded: 0, setAside: 0, born: 0, dropped: {} as Record<string, number> };
  readonly batchesFailed: Record<string, number> = {};
  readonly batchesDropped: Record<string, number> = {};
  batchesCommitted = 0;
  rowsOutdated = 0;
  rowsDirect = 0;
  retries = 0;
  /** Plain COPYs that met a row which was stored already. */
  fallbacks = 0;
  lastCommitAtMs: number | null = null;
  /** What went wrong last with each sink, until something goes well with it. */
  readonly #problems = new Map<string, string>();

  get problem(): string | null {
    return [...this.#problems.values()][0] ?? null;
  }

  written(sink: string, result: WriteResult, nowMs: number): void {
    this.rowsOutdated += result.outdated;
    this.rowsDirect += result.direct;
    if (result.fellBack) this.fallbacks++;
    this.lastCommitAtMs = nowMs;
    this.#problems.delete(sink);
  }

  failed(sink: string, kind: SinkFailure['kind'], message: string): void {
    this.batchesFailed[kind] = (this.batchesFailed[kind] ?? 0) + 1;
    this.#problems.set(sink, message);
  }

  dropRows(count: number, reason: RowsDropReason): void {
    this.rows.dropped[reason] = (this.rows.dropped[reason] ?? 0) + count;
  }

  dropBatches(count: number, reason: RowsDropReason): void {
    this.batchesDropped[reason] = (this.batchesDropped[reason] ?? 0) + count;
  }
}
