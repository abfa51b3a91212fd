interface Running {
  count: number;
  summarise: (count: number) => void;
}

/** Kinds are few: reasons, sources, lanes. Beyond as many each is told in full, so that none is silent. */
const kindsMax = 1_000;

/**
 * Keeps a log readable while the same thing happens again and again: the first of a kind is told in full, later
 * ones are counted, and at every `flush` one line says how many. A kind that was quiet for so long starts over.
 */
export class Repeats {
  readonly #running = new Map<string, Running>();

  happened(kind: string, tell: () => void, summarise: (count: number) => void): void {
    const running = this.#running.get(kind);
    if (running !== undefined) {
      running.count++;
      running.summarise = summarise; // The newest example is the most useful.
      return;
    }
    if (this.#running.size < kindsMax) this.#running.set(kind, { count: 0, summarise });
    tell();
  }

  flush(): void {
    for (const [kind, running] of this.#running) {
      if (running.count === 0) this.#running.delete(kind);
      else running.summarise(running.count);
      running.count = 0;
    }
  }
}

/** How often something came about again: `once more`, `3 more times`. */
export function again(count: number): string {
  return count === 1 ? 'once more' : `${count} more times`;
}
