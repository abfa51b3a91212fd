import type { AlertRule, AlertRules } from '../model/alert.ts';
import type { Clock } from '../model/clock.ts';

/** A rule that is new, changed or gone holds for bars that come this much later at most. */
const lookEveryMs = 1_000;

export interface RuleStore {
  /** Another number whenever a rule was written. */
  newestChange(abort: AbortSignal): Promise<number>;
  readAll(abort: AbortSignal): Promise<readonly AlertRule[]>;
  /** Changes nothing where the version has begun already. */
  begin(rule: Pick<AlertRule, 'id' | 'version'> & { readonly validFromMs: number }, abort: AbortSignal): Promise<void>;
}

export interface RuleBookParts {
  readonly store: RuleStore;
  readonly clock: Clock;
  /** Rules could not be read or written; the next look tries again. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The rules of the database as the lanes of this process see them. Looks every second; where nothing has changed that is one
 * small query. Lanes fetch them between two batches.
 */
export class RuleBook implements AlertRules {
  readonly #parts: RuleBookParts;
  #version = 0;
  #all: readonly AlertRule[] = [];
  #change = -1;
  #wake: () => void = () => {};
  /** Begun by a lane and not written down yet. */
  #begun: { readonly id: string; readonly version: number; readonly validFromMs: number }[] = [];

  constructor(parts: RuleBookParts) {
    this.#parts = parts;
  }

  get version(): number {
    return this.#version;
  }

  get all(): readonly AlertRule[] {
    return this.#all;
  }

  /** Rules that ask something. */
  get count(): number {
    const newest = new Map(this.#all.map((rule) => [rule.id, rule])); // By version.
    return [...newest.values()].filter(({ isDeleted }) => !isDeleted).length;
  }

  begin({ id, version }: AlertRule, validFromMs: number): void {
    const isIt = (rule: AlertRule): boolean => rule.id === id && rule.version === version && rule.validFromMs === null;
    if (!this.#all.some(isIt)) return;
    this.#begun.push({ id, version, validFromMs });
    this.#wake();
    this.#replace(this.#all.map((rule) => (isIt(rule) ? { ...rule, validFromMs } : rule)));
  }

  /** Looks once: before the first lane, so that no bar is folded without its rules. */
  async look(abort: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    for (let begun = this.#begun[0]; begun !== undefined; begun = this.#begun[0]) {
      await store.begin(begun, abort);
      this.#begun.shift();
    }
    const change = await store.newestChange(abort);
    if (change === this.#change) return;
    const all = await store.readAll(abort);
    this.#change = change;
    this.#replace(all.map((rule) => this.#asBegun(rule)));
  }

  /** Every second, and at once where a lane has begun a rule, until `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    const { onFailure } = this.#parts;
    while (!abort.aborted) {
      await this.#pause(abort);
      if (!abort.aborted) await this.look(abort).catch((error: unknown) => { if (!abort.aborted) onFailure(error); });
    }
  }

  /** A look that has failed waits its time, also where something was begun. */
  async #pause(abort: AbortSignal): Promise<void> {
    const over = new AbortController();
    this.#wake = () => over.abort();
    abort.addEventListener('abort', this.#wake, { once: true });
    await this.#parts.clock.wait(lookEveryMs, over.signal);
    abort.removeEventListener('abort', this.#wake);
  }

  /** What a lane has begun while the rules were being read is on its way to the database. */
  #asBegun(rule: AlertRule): AlertRule {
    if (rule.validFromMs !== null) return rule;
    const begun = this.#begun.find(({ id, version }) => id === rule.id && version === rule.version);
    return begun === undefined ? rule : { ...rule, validFromMs: begun.validFromMs };
  }

  #replace(all: readonly AlertRule[]): void {
    this.#all = all;
    this.#version++;
  }
}
