import { decimal, digitsOf, quantity } from '../../format.ts';
import type { AlertCondition, ApiRule, RuleState } from '../../watch/alert-api.ts';

/* What rules are called on the page. */

export const conditionNames: Readonly<Record<AlertCondition, string>> = {
  price_above: 'Price above', price_below: 'Price below', volume_above: 'Volume above', crosses_indicator: 'Price crosses',
};

export const stateNames: Readonly<Record<RuleState, string>> = {
  active: 'Active', triggered: 'Triggered', withdrawn: 'Withdrawn', expired: 'Expired', muted: 'Muted',
};

/** Beside the word, so that a state is not told by its colour alone. */
export const stateSigns: Readonly<Record<RuleState, string>> = {
  active: '●', triggered: '▲', withdrawn: '↩', expired: '○', muted: '◌',
};

/** `Price above 64,500.00`. */
export function conditionText(
  { condition, threshold, indicator }: Pick<ApiRule, 'condition' | 'threshold' | 'indicator'>,
): string {
  const awaited = condition === 'crosses_indicator' ? indicator ?? '' : thresholdText(condition, threshold);
  return `${conditionNames[condition]} ${awaited}`;
}

function thresholdText(condition: AlertCondition, threshold: number | null): string {
  return threshold === null ? '–' : valueText(condition, threshold);
}

/** A price with its digits, or a volume. */
export function valueText(condition: AlertCondition, value: number): string {
  return condition === 'volume_above' ? quantity(value) : decimal(value, digitsOf(value));
}

/** How far the price is from where it is waited for, in per cent of the price; null where that says nothing. */
export function distancePercent(
  { condition, threshold }: Pick<ApiRule, 'condition' | 'threshold'>, price: number | undefined,
): number | null {
  if (threshold === null || price === undefined || price === 0) return null;
  return condition === 'price_above' || condition === 'price_below' ? (threshold / price - 1) * 100 : null;
}
