import type { Api } from '../api.ts';

/* /api/alerts as the page knows it: rules, and what they have come to on bars. docs/alerts.md tells the rest. */

export type AlertCondition = 'price_above' | 'price_below' | 'volume_above' | 'crosses_indicator';
/** `triggered` and `withdrawn` are what it came to last; an expired one is judged no more, a muted one calls nobody. */
export type RuleState = 'active' | 'triggered' | 'withdrawn' | 'expired' | 'muted';

/** What a rule is about: the bars of an instrument, for as long as the rule lives. */
export interface RuleSeries {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
}

export interface RuleTerms {
  readonly condition: AlertCondition;
  /** Of a price or a volume; null where an indicator is crossed. */
  readonly threshold: number | null;
  readonly indicator: string | null;
  /** Of event time; null: never. */
  readonly expires_at: string | null;
  readonly note: string;
  readonly muted: boolean;
}

export interface ApiRule extends RuleSeries, RuleTerms {
  readonly id: string;
  readonly version: number;
  readonly state: RuleState;
  readonly words: string;
  readonly last: { readonly state: 'triggered' | 'withdrawn'; readonly close_time: string; readonly value: number } | null;
  readonly created_at: string;
}

/** What a rule came to on one bar. */
export interface ApiAlert extends RuleSeries {
  readonly id: string;
  readonly rule_id: string;
  readonly open_time: string;
  readonly close_time: string;
  readonly state: 'triggered' | 'withdrawn';
  readonly value: number;
  readonly words: string;
  /** When it came to this state: the clock of the database. */
  readonly changed_at: string;
}

export interface AlertPage {
  readonly alerts: readonly ApiAlert[];
  readonly next: string | null;
}

export async function listRules(api: Api, signal?: AbortSignal): Promise<readonly ApiRule[]> {
  return (await api.ask<{ readonly rules: readonly ApiRule[] }>('api/alerts', { signal })).rules;
}

/** Newest first. */
export function alertHistory(
  api: Api, query: { readonly limit: number; readonly cursor?: string | undefined }, signal?: AbortSignal,
): Promise<AlertPage> {
  return api.ask<AlertPage>('api/alerts/history', { query, signal });
}

/** `id` is the page's own, so that asking twice makes one. */
export function createRule(api: Api, body: RuleSeries & RuleTerms & { readonly id: string }): Promise<ApiRule> {
  return api.ask<ApiRule>('api/alerts', { method: 'POST', body });
}

/** Refused where somebody has changed it since `version`. */
export function changeRule(
  api: Api, id: string, changed: Partial<RuleTerms> & { readonly version: number },
): Promise<ApiRule> {
  return api.ask<ApiRule>(`api/alerts/${id}`, { method: 'PATCH', body: changed });
}

export async function removeRule(api: Api, id: string): Promise<void> {
  await api.ask(`api/alerts/${id}`, { method: 'DELETE' });
}
