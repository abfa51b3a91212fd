import { isProgramFault, MdpError, messageOf } from '../errors.ts';

/** What comes so often within an hour is there to stay. With the waits of the runner between them it takes 4 s. */
const timesMax = 5;
const withinMs = 3_600_000;

/** Tells faults of the program from those of the way to a log, which cure themselves. */
export class ProgramFaults {
  readonly #source: string;
  #metAtMs: number[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** Why its source is not read any more: an MdpError `source-failed`. Null where trying again may help. */
  met(error: unknown, nowMs: number): MdpError | null {
    if (!isProgramFault(error)) return null;
    this.#metAtMs = [...this.#metAtMs, nowMs].filter((atMs) => atMs > nowMs - withinMs);
    if (this.#metAtMs.length < timesMax) return null;
    const report = 'Please report it; a restart reads on from the last checkpoint.';
    return new MdpError('source-failed', `Source "${this.#source}" has met a fault of mdp ${timesMax} times within an ` +
      `hour and is not read any more: ${wordsOf(error)}. ${report}`, error);
  }
}

/** The message and the place in the code. */
function wordsOf(error: unknown): string {
  const place = /\n\s*at ([^\n]*)/.exec(error instanceof Error ? error.stack ?? '' : '')?.[1];
  return place === undefined ? messageOf(error) : `${messageOf(error)} (${place})`;
}
