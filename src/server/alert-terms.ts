import { MdpError } from '../errors.ts';
import type { AlertCondition, AlertTerms } from '../model/alert.ts';
import { parseBarSpec } from '../model/bar-spec.ts';
import type { IndicatorLine } from '../model/indicator.ts';
import { timeOf } from './query-times.ts';
import { BadRequest } from './route.ts';

/** What rules can be about here. */
export interface AlertScope {
  readonly rulesMax: number;
  /** Canonical names. */
  readonly specNames: readonly string[];
  readonly lines: readonly IndicatorLine[];
}

/** Terms as a client writes them; what is absent is null. */
export interface WrittenTerms {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly condition: AlertCondition;
  readonly threshold?: number | null;
  readonly indicator?: string | null;
  readonly expires_at?: string | null;
}

/** Throws a BadRequest that names the field and what is allowed there. */
export function termsOf(written: WrittenTerms, scope: AlertScope): AlertTerms {
  const { venue, symbol, condition, threshold = null, indicator = null, expires_at } = written;
  const barSpec = specOf(written.spec, scope);
  const terms = { venue, symbol, barSpec, condition, expiresMs: timeOf('expires_at', expires_at ?? undefined) };
  if (condition === 'crosses_indicator') {
    if (threshold !== null) refuse('threshold', `${condition} has none: leave it out.`);
    return { ...terms, threshold, indicator: lineOf(indicator, barSpec, scope) };
  }
  if (indicator !== null) refuse('indicator', `${condition} has none: leave it out.`);
  if (threshold === null) refuse('threshold', `${condition} needs a number.`);
  if (condition === 'volume_above' && threshold < 0) refuse('threshold', 'no volume is less than 0.');
  return { ...terms, threshold, indicator };
}

function specOf(text: string, { specNames }: AlertScope): string {
  let name = text;
  try {
    ({ name } = parseBarSpec(text));
  } catch (error) {
    if (!(error instanceof MdpError)) throw error;
  }
  if (!specNames.includes(name)) refuse('spec', `bars of ${text} are not made here; write one of ${specNames.join(', ')}.`);
  return name;
}

function lineOf(text: string | null, barSpec: string, { lines }: AlertScope): string {
  const known = lines.filter((line) => line.barSpec === barSpec).map(({ indicator }) => indicator);
  const wanted = text?.toLowerCase().replaceAll(/\s/g, '') ?? '';
  if (known.includes(wanted)) return wanted;
  if (known.length > 0) refuse('indicator', `write a line that is computed on bars of ${barSpec}: ${known.join(', ')}.`);
  return refuse('indicator', `nothing is computed on bars of ${barSpec}; name one in indicators.specs, such as ` +
    `sma(20)@${barSpec}, and start again.`);
}

function refuse(field: string, rule: string): never {
  throw new BadRequest(field, `${field}: ${rule}`);
}
