import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { rowCount, type RowBatch } from '../model/rows.ts';
import { describeRows, type RowNames } from './set-aside.ts';
import { SinkError, type Sink, type WriteResult } from './sink.ts';

/**
 * A JSON line a row, to standard output or any other stream. At least once: a batch that was cut off is written again,
 * and every line carries key and stamp, so that a reader can keep the greatest.
 */
export class StdoutSink implements Sink {
  readonly name = 'stdout';
  readonly #names: RowNames;
  readonly #output: Writable;

  constructor(names: RowNames, output: Writable) {
    this.#names = names;
    this.#output = output;
    output.on('error', () => {}); // `write` reports it to whom it concerns.
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(batch: RowBatch, abort: AbortSignal): Promise<WriteResult> {
    const text = describeRows(batch, this.#names).map((row) => `${row}\n`).join('');
    if (this.#output.destroyed || !this.#output.writable) throw gone(this.#output.errored);
    if (!this.#output.write(text)) await this.#drained(abort);
    return { committed: rowCount(batch), outdated: 0, direct: 0, setAside: [], fellBack: false };
  }

  close(): Promise<void> {
    return Promise.resolve(); // The stream is the caller's.
  }

  async #drained(abort: AbortSignal): Promise<void> {
    try {
      await once(this.#output, 'drain', { signal: abort });
    } catch (error) {
      if (abort.aborted) throw new SinkError({ kind: 'unknown' }, 'Writing was aborted.', error);
      throw gone(error);
    }
  }
}

/** Nobody reads any more: waiting brings no reader back. */
function gone(cause: unknown): SinkError {
  return new SinkError({ kind: 'misconfigured' }, 'Standard output is closed: nobody reads the rows any more.', cause);
}
