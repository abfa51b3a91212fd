import type { AlertRule, AlertRules } from '../model/alert.ts';

export interface RuleStore {
  /** Another number whenever a rule was written. */
  newestChange(abort: AbortSignal): Promise<number>;
  readAll(abort: AbortSignal): Promise<readonly AlertRule[]>;
  /** Changes nothing where the version has begun already. */
  begin(rule: Pick<AlertRule, 'id' | 'version'> & { readonly validFromMs: number }, abort: AbortSignal): Promise<void>;
}

export interface RuleBookParts {
  readonly store: RuleStore;
  /** A lane has begun a rule: a look now writes it down. */
  readonly onBegun: () => void;
}

/**
 * The rules of the database as the lanes of this process see them: a rule that is new, changed or gone holds for bars that
 * come after the next look. Where nothing has changed a look is one small query. Lanes fetch rules between two batches.
 */
export class RuleBook implements AlertRules {
  readonly #parts: RuleBookParts;
  #version = 0;
  #all: readonly AlertRule[] = [];
  #change = -1;
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
    this.#replace(this.#all.map((rule) => (isIt(rule) ? { ...rule, validFromMs } : rule)));
    this.#parts.onBegun();
  }

  /**
   * Once before the first lane, so that no bar is folded without its rules, then in every round. What could not be written
   * down is written by a later look.
   */
  async look(abort: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    for (let begun = this.#begun[0]; begun !== undefined; begun = this.#begun[0]) {
      await store.begin(begun, abort);
      if (this.#begun[0] === begun) this.#begun.shift(); // Else a look that overlaps has written it too: twice is as once.
    }
    const change = await store.newestChange(abort);
    if (change === this.#change) return;
    const all = await store.readAll(abort);
    this.#change = change;
    this.#replace(all.map((rule) => this.#asBegun(rule)));
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
