import { rowCount, type RowBatch } from '../model/rows.ts';
import type { Sink, WriteResult } from './sink.ts';

/** Counts rows and keeps none: for benches, and for a look at a source without a database. */
export class StubSink implements Sink {
  readonly name = 'stub';
  rows = 0;
  batches = 0;

  open(): Promise<void> {
    return Promise.resolve();
  }

  write(batch: RowBatch): Promise<WriteResult> {
    const committed = rowCount(batch);
    this.rows += committed;
    this.batches++;
    return Promise.resolve({ committed, outdated: 0, direct: 0, setAside: [], fellBack: false });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
