import type { MdpError } from './errors.ts';
import type { Lane } from './model/lane.ts';
import type { SourcePart } from './pipeline-parts.ts';
import type { SourceRunner } from './sources/run-source.ts';

export interface SourceEntry {
  readonly part: SourcePart;
  readonly runner: SourceRunner;
}

/** The sources of a pipeline while they read: one that had ended may have to read on. */
export class SourceRuns {
  readonly #entries: readonly SourceEntry[];
  readonly #onEnded: (source: string) => void;
  readonly #drain: AbortSignal;
  readonly #reading = new Set<Promise<void>>();

  constructor(entries: readonly SourceEntry[], drain: AbortSignal, onEnded: (source: string) => void) {
    this.#entries = entries;
    this.#drain = drain;
    this.#onEnded = onEnded;
    for (const entry of entries) this.#read(entry);
  }

  /** Resolves when every source has ended, those that were begun anew meanwhile included. */
  async ended(): Promise<void> {
    while (this.#reading.size > 0) await Promise.all(this.#reading);
  }

  /** Whether its source can take it up anew while others of it go on. */
  canRetake(lane: Lane): boolean {
    return this.#entryOf(lane)?.part.source.retake !== undefined;
  }

  /** Somebody was further on with this lane: reads from there. */
  reread(lane: Lane): void {
    const entry = this.#entryOf(lane);
    if (entry?.runner.reread(lane) === true) this.#read(entry);
  }

  logEnd(lane: Lane): number | null {
    return this.#entryOf(lane)?.part.source.logEnd?.(lane) ?? null;
  }

  checkpointed(lane: Lane, position: number): void {
    this.#entryOf(lane)?.part.source.checkpointed?.(lane, position);
  }

  /** Resolves when each has let go of what it held outside. */
  async close(): Promise<void> {
    await Promise.all(this.#entries.map(async ({ part }) => part.source.close?.()));
  }

  /** This lane is not ours any more. */
  fail(lane: Lane, error: MdpError): void {
    this.#entryOf(lane)?.runner.fail(error);
  }

  get failures(): readonly MdpError[] {
    return this.#entries.map(({ runner }) => runner.failure).filter((failure) => failure !== null);
  }

  #read(entry: SourceEntry): void {
    const reading = entry.runner.run(this.#drain).then(() => {
      this.#reading.delete(reading);
      this.#onEnded(entry.part.source.name);
    });
    this.#reading.add(reading);
  }

  #entryOf({ source }: Lane): SourceEntry | undefined {
    return this.#entries.find(({ part }) => part.source.name === source);
  }
}
