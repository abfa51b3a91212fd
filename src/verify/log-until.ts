import type { Gap } from '../model/gap.ts';
import type { Resume } from '../model/lane.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { Progress, Source } from '../sources/source.ts';

export interface LogBound {
  /** Records before it are read, no other. */
  readonly position: number;
  /** The log is complete and was told to its end: its end is told again. */
  readonly isEnded: boolean;
  /** Told once, when all of them were read and more may follow: an end that comes then is not that of the log. */
  readonly onReached: () => void;
}

/** A log with one lane, up to a position of it. */
export class LogUntil implements Source {
  readonly name: string;
  readonly pausable: boolean;
  readonly #source: Source;
  readonly #bound: LogBound;
  #readUntil = 0;

  constructor(source: Source, bound: LogBound) {
    this.name = source.name;
    this.pausable = source.pausable;
    this.#source = source;
    this.#bound = bound;
  }

  /** Reading goes on here: less than the bound where the log ends before it. */
  get readUntil(): number {
    return this.#readUntil;
  }

  async *read(resume: Resume, drain: AbortSignal): AsyncGenerator<TickBatch | Gap, void> {
    const { position, isEnded, onReached } = this.#bound;
    const seen: Resume = { ...resume, take: async (request) => {
      const start = await resume.take(request);
      this.#readUntil = start.position;
      return start;
    } };
    for await (const item of this.#source.read(seen, drain)) {
      const within = item.kind === 'gap' ? (item.position < position ? item : null) : batchUntil(item, position);
      this.#readUntil = item.kind === 'gap' ? item.position + 1 : item.nextPosition;
      if (within !== null) yield within;
      if (!isEnded && this.#readUntil >= position) return onReached();
    }
  }

  close(): Promise<void> {
    return this.#source.close?.() ?? Promise.resolve();
  }

  progress(): Progress {
    return this.#source.progress?.() ?? { share: null, ticks: 0 };
  }
}

/** Null where nothing of it is before the position. */
function batchUntil(batch: TickBatch, until: number): TickBatch | null {
  if (batch.nextPosition <= until) return batch;
  let length = 0;
  while (length < batch.length && batch.position[length] < until) length++;
  const rejects = batch.rejects.filter(({ position }) => position < until);
  if (length > 0 || rejects.length > 0) return { ...batch, length, rejects, nextPosition: until };
  batch.release?.();
  return null;
}
