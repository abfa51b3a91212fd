import type { AlertRule, AlertTerms } from './alert.ts';

/** A version of a rule with what it is known by to people. */
export interface StoredRule extends AlertRule {
  readonly note: string;
  /** It is judged as ever, and nobody is called. */
  readonly muted: boolean;
  /** Of the rule, not of this version. */
  readonly createdMs: number;
  readonly updatedMs: number;
}

export type AlertState = 'triggered' | 'withdrawn';

/** What a version of a rule came to on a bar. */
export interface StoredAlert extends Omit<AlertTerms, 'expiresMs'> {
  readonly ruleId: string;
  readonly ruleVersion: number;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly barIndex: number;
  readonly state: AlertState;
  readonly value: number;
  /** 2 provisional, 3 closed. */
  readonly barState: number;
  /** When it came to this state: the database's clock. */
  readonly changedMs: number;
  /** When the webhook took it; null where it has not. */
  readonly notifiedMs: number | null;
}

/** The rule as it is now, with what it came to last. */
export interface ListedRule extends StoredRule {
  readonly last: Pick<StoredAlert, 'state' | 'closeTimeMs' | 'value'> | null;
  /** Its series has come to where the rule ends. */
  readonly isOver: boolean;
}

export type RuleTexts = Pick<StoredRule, 'note' | 'muted'>;

export interface RuleChange {
  readonly id: string;
  /** That it has, as far as the caller knows. */
  readonly version: number;
  /** All of it; its series must be the same. */
  readonly next: AlertTerms & RuleTexts;
  readonly nowMs: number;
}

/** Where a page of the history begins: behind this alert. */
export type HistoryPlace = Pick<StoredAlert, 'closeTimeMs' | 'ruleId' | 'ruleVersion' | 'openTimeMs' | 'barIndex'>;

export interface HistoryQuery {
  /** Null: of every rule. */
  readonly ruleId: string | null;
  readonly behind: HistoryPlace | null;
  readonly limit: number;
}

/** Rules and alerts for the HTTP API. Everything rejects with an MdpError when the database cannot. */
export interface AlertStore {
  list(abort: AbortSignal): Promise<readonly ListedRule[]>;
  /** Null where there is none, or it was deleted. */
  find(id: string, abort: AbortSignal): Promise<ListedRule | null>;
  create(rule: AlertTerms & RuleTexts & { readonly id: string; readonly nowMs: number; readonly rulesMax: number },
    abort: AbortSignal): Promise<ListedRule | 'full' | 'exists'>;
  change(change: RuleChange, abort: AbortSignal): Promise<ListedRule | 'missing' | 'stale'>;
  /** Returns whether it was there. */
  remove(id: string, nowMs: number, abort: AbortSignal): Promise<boolean>;
  /** Newest first, by the close of their bars. */
  history(query: HistoryQuery, abort: AbortSignal): Promise<readonly StoredAlert[]>;
}
