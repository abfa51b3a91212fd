/**
 * SIGTERM and SIGINT for a command that has something to take away first: the first signal ends what is under way, and once
 * all is tidy the process dies of it, as it would have done at once.
 */
export class Signals {
  readonly #stop = new AbortController();
  readonly #listeners = (['SIGTERM', 'SIGINT'] as const).map((signal) => ({ signal, listener: () => this.#catch(signal) }));
  /** The first one, or null. */
  caught: NodeJS.Signals | null = null;

  constructor() {
    for (const { signal, listener } of this.#listeners) process.on(signal, listener);
  }

  /** Fires with the first one. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Listens no more. */
  dieOfIt(): void {
    for (const { signal, listener } of this.#listeners) process.off(signal, listener);
    if (this.caught !== null) process.kill(process.pid, this.caught);
  }

  #catch(signal: NodeJS.Signals): void {
    this.caught ??= signal;
    this.#stop.abort();
  }
}
