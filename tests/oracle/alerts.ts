/*
 * What rules come to, found by itself: from the last state of every bar and value, in order of time. Nothing of it knows how
 * the bars came to be, or when rules were read.
 */

export interface OracleRule {
  readonly id: string;
  readonly version: number;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly condition: string;
  readonly threshold: number | null;
  readonly indicator: string | null;
  /** Null: it never began. */
  readonly validFromMs: number | null;
  readonly expiresMs: number | null;
  readonly isDeleted: boolean;
}

export interface AlertOracleBar {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Of indicators, by line. */
  readonly values?: ReadonlyMap<string, number | null>;
}

/** `rule/version/open time` of every bar on which a version of a rule is met, with the number that was compared. */
export function expectedAlerts(rules: readonly OracleRule[], bars: readonly AlertOracleBar[]): Map<string, number> {
  const expected = new Map<string, number>();
  for (const rule of rules) {
    if (rule.validFromMs === null || rule.isDeleted) continue;
    const begins = rule.validFromMs;
    const later = rules.filter((other) => other.id === rule.id && other.version > rule.version && other.validFromMs !== null);
    const ends = Math.min(Infinity, ...later.map(({ validFromMs }) => validFromMs!));
    const held = bars
      .filter((bar) => bar.venue === rule.venue && bar.symbol === rule.symbol && bar.spec === rule.spec)
      .filter(({ closeTimeMs }) => closeTimeMs > begins)
      .sort((a, b) => a.openTimeMs - b.openTimeMs);
    for (let at = 0; at < held.length; at++) {
      const bar = held[at];
      if (bar.closeTimeMs > ends || (rule.expiresMs !== null && bar.closeTimeMs > rule.expiresMs)) continue;
      const found = compared(rule, bar, at === 0 ? undefined : held[at - 1]);
      if (found !== undefined) expected.set(`${rule.id}/${rule.version}/${bar.openTimeMs}`, found);
    }
  }
  return expected;
}

function compared(rule: OracleRule, bar: AlertOracleBar, before: AlertOracleBar | undefined): number | undefined {
  const limit = rule.threshold ?? Number.NaN;
  const came = before === undefined ? bar.open : before.close;
  if (rule.condition === 'price_above') return came <= limit && bar.high > limit ? bar.high : undefined;
  if (rule.condition === 'price_below') return came >= limit && bar.low < limit ? bar.low : undefined;
  if (rule.condition === 'volume_above') return bar.volume > limit ? bar.volume : undefined;
  const [line, lineBefore] = [bar.values?.get(rule.indicator!) ?? null, before?.values?.get(rule.indicator!) ?? null];
  if (before === undefined || line === null || lineBefore === null) return undefined;
  const wasUnder = before.close <= lineBefore;
  const wasOver = before.close >= lineBefore;
  return (wasUnder && bar.close > line) || (wasOver && bar.close < line) ? bar.close : undefined;
}
