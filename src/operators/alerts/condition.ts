import type { AlertRule } from '../../model/alert.ts';

/** What conditions see of a bar. */
export interface JudgedBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Values of the lines that rules ask for, by canonical name; NaN where there is none. */
  valueOf(indicator: string): number;
}

export interface Judgement {
  readonly isMet: boolean;
  /** What was compared. */
  readonly value: number;
}

/**
 * Whether a rule is met on a bar; `before` is the bar before it, null where the rule holds for none. Prices cross: the bar
 * before closed on the other side (of the first bar its open counts), so that a price that stays there is told once. A
 * volume begins with its bar, and every bar is judged by itself. An indicator is crossed where the close was not above its
 * line and is, or was not below and is.
 */
export function judge(rule: AlertRule, bar: JudgedBar, before: JudgedBar | null): Judgement {
  const threshold = rule.threshold ?? NaN;
  const startedAt = before?.close ?? bar.open;
  switch (rule.condition) {
    case 'price_above': return { isMet: startedAt <= threshold && bar.high > threshold, value: bar.high };
    case 'price_below': return { isMet: startedAt >= threshold && bar.low < threshold, value: bar.low };
    case 'volume_above': return { isMet: bar.volume > threshold, value: bar.volume };
    case 'crosses_indicator':
      return { isMet: before !== null && crosses(rule.indicator ?? '', bar, before), value: bar.close };
  }
}

function crosses(indicator: string, bar: JudgedBar, before: JudgedBar): boolean {
  const [line, lineBefore] = [bar.valueOf(indicator), before.valueOf(indicator)];
  return (before.close <= lineBefore && bar.close > line) || (before.close >= lineBefore && bar.close < line);
}
