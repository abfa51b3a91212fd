import type { Clock } from '../model/clock.ts';

/** Something that may have changed without telling anybody. */
export interface Look {
  /** Looks, and does what follows from it. Not called again before it has settled. */
  readonly look: (abort: AbortSignal) => Promise<void>;
  /** That has failed; the next round tries again. */
  readonly onFailure: (error: unknown) => void;
}

/** How late a change is seen at most, where looks are answered at once. */
const everyMs = 1_000;

/**
 * Looks once a second at all that has to be looked at, by one timer: a daemon with nothing to do is woken once, and not
 * once for each. Looks do not wait for each other: a slow one is left out of the rounds that come meanwhile.
 */
export class Rounds {
  readonly #clock: Clock;
  readonly #looks: Look[] = [];
  readonly #underWay = new Map<Look, Promise<void>>();
  /** Null while there are no rounds. */
  #abort: AbortSignal | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(look: Look): void {
    this.#looks.push(look);
  }

  /** The first round at once, none any more when `abort` has fired; resolves when no look is under way. */
  async run(abort: AbortSignal): Promise<void> {
    this.#abort = abort;
    while (!abort.aborted) {
      for (const look of this.#looks) this.soon(look);
      await this.#clock.wait(everyMs, abort);
    }
    this.#abort = null;
    await Promise.all(this.#underWay.values());
  }

  /** Looks before the next round comes; not where that look is under way, nor outside `run`. */
  soon(look: Look): void {
    const abort = this.#abort;
    if (abort === null || this.#underWay.has(look)) return;
    const looking = look.look(abort)
      .catch((error: unknown) => { if (!abort.aborted) look.onFailure(error); })
      .finally(() => this.#underWay.delete(look));
    this.#underWay.set(look, looking);
  }
}
