import { instrumentFault, instrumentOf, instrumentText } from '../../parts/instrument-field.tsx';
import type { Instrument } from '../../instruments.ts';
import { numberOf } from '../../number-of.ts';
import { textOfTime, timeFault, timeOfText } from '../../parts/time-field.tsx';
import type { AlertCondition, ApiRule, RuleSeries, RuleTerms } from '../../watch/alert-api.ts';

/* A rule while it is being written: texts, as they stand in the fields. */

export interface RuleDraft {
  readonly instrument: string;
  readonly spec: string;
  readonly condition: AlertCondition;
  readonly threshold: string;
  readonly indicator: string;
  /** As it is typed, in UTC; empty: never. */
  readonly expires: string;
  readonly note: string;
}

/** By the names of /api/alerts, so that what the server refuses stands beside its field. */
export type RuleFaults = Readonly<Partial<Record<RuleField, string>>>;
type RuleField = 'symbol' | 'spec' | 'condition' | 'threshold' | 'indicator' | 'expires_at' | 'note';

export function draftOf(rule: ApiRule | null, instrument: Instrument | undefined): RuleDraft {
  if (rule === null) {
    const spec = instrument?.specs.includes('1m') === true ? '1m' : instrument?.specs[0];
    return {
      instrument: instrument === undefined ? '' : instrumentText(instrument), spec: spec ?? '1m', condition: 'price_above',
      threshold: '', indicator: 'sma(20)', expires: '', note: '',
    };
  }
  const { spec, condition, threshold, indicator, expires_at: expires, note } = rule;
  return {
    instrument: instrumentText(rule), spec, condition, threshold: threshold === null ? '' : String(threshold),
    indicator: indicator ?? '', expires: expires === null ? '' : textOfTime(Date.parse(expires)), note,
  };
}

export type WrittenRule = RuleSeries & Omit<RuleTerms, 'muted'>;

/** What the draft says, or what is wrong with it. The server has the last word: it knows which lines are computed. */
export function written(draft: RuleDraft, instruments: readonly Instrument[]): WrittenRule | RuleFaults {
  const { spec, condition, indicator, expires, note } = draft;
  const instrument = instrumentOf(draft.instrument, instruments);
  const isCross = condition === 'crosses_indicator';
  const threshold = numberOf(draft.threshold);
  const endMs = timeOfText(expires);
  const faults: Record<string, string | undefined> = {
    symbol: instrumentFault(draft.instrument, instruments),
    threshold: !isCross && threshold === null ? 'Write a number, such as 64500 or 0.25.' : undefined,
    indicator: isCross && indicator.trim() === '' ? 'Name a line, such as sma(20).' : undefined,
    expires_at: expires.trim() !== '' && endMs === null ? timeFault : undefined,
  };
  const found = Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined)) as RuleFaults;
  if (instrument === null || Object.keys(found).length > 0) return found;
  return {
    venue: instrument.venue, symbol: instrument.symbol, spec, condition, threshold: isCross ? null : threshold,
    indicator: isCross ? indicator.trim() : null, expires_at: endMs === null ? null : new Date(endMs).toISOString(),
    note: note.trim(),
  };
}
