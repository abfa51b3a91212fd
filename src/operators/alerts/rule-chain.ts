import type { AlertRule } from '../../model/alert.ts';

/** All versions of one rule: each holds until the next one does. */
export class RuleChain {
  /** The newest first. */
  readonly #versions: AlertRule[];

  constructor(versions: readonly AlertRule[]) {
    this.#versions = [...versions].sort((a, b) => b.version - a.version);
  }

  get newest(): AlertRule {
    return this.#versions[0];
  }

  get versions(): readonly AlertRule[] {
    return this.#versions;
  }

  /** The version that holds for bars that close here; null where none does. */
  at(closeMs: number): AlertRule | null {
    const rule = this.#versions.find(({ validFromMs }) => validFromMs !== null && validFromMs < closeMs);
    if (rule === undefined || rule.isDeleted) return null;
    return rule.expiresMs !== null && closeMs > rule.expiresMs ? null : rule;
  }

  /** The newest version, which nobody has begun, holds from here on. */
  begin(validFromMs: number): void {
    this.#versions[0] = { ...this.newest, validFromMs };
  }
}

/** Names a version of a rule in memory and in a snapshot. */
export function versionKey({ id, version }: Pick<AlertRule, 'id' | 'version'>): string {
  return `${id} ${version}`;
}
