/** What a rule waits for, on the bars of one instrument and spec; see `outcomeOf` in operators/alerts. */
export const alertConditions = ['price_above', 'price_below', 'volume_above', 'crosses_indicator'] as const;
export type AlertCondition = (typeof alertConditions)[number];

/** What a rule asks. */
export interface AlertTerms {
  readonly venue: string;
  readonly symbol: string;
  /** Canonical name. */
  readonly barSpec: string;
  readonly condition: AlertCondition;
  /** Of a price or a volume; null where the condition has none. */
  readonly threshold: number | null;
  /** Canonical name of the line that is crossed, such as `sma(20)`; null where the condition has none. */
  readonly indicator: string | null;
  /** It does not hold for bars that close later, ms since 1970 UTC; null: it never ends. */
  readonly expiresMs: number | null;
}

/** One version of a rule: it holds from its `validFromMs` until that of the next version. */
export interface AlertRule extends AlertTerms {
  readonly id: string;
  readonly version: number;
  /**
   * It holds for bars that close after this, ms since 1970 UTC: the newest bar of its venue and spec that its lane had
   * emitted when it came. Null until its lane has met a bar of its series.
   */
  readonly validFromMs: number | null;
  /** This version ends the rule and asks nothing. */
  readonly isDeleted: boolean;
}

/** The rules as a lane sees them. */
export interface AlertRules {
  /** Another number whenever `all` is another list. */
  readonly version: number;
  /** Every version of every rule that the database has. */
  readonly all: readonly AlertRule[];
  /** A lane has met the first bar of the series of a rule that nobody had begun: from here on it holds. */
  begin(rule: AlertRule, validFromMs: number): void;
}

export const noAlertRules: AlertRules = { version: 0, all: [], begin: () => {} };

/** What a version of a rule came to on a bar. Key: rule, version, open time and index of the bar. */
export interface AlertRow {
  readonly ruleId: string;
  readonly ruleVersion: number;
  /** From where on its version holds: the first row that is stored of it says so for good. */
  readonly validFromMs: number;
  readonly instrument: number;
  readonly barSpec: string;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly barIndex: number;
  /** False: it is not met on this bar, and what was folded before may have said that it is. */
  readonly isMet: boolean;
  /** What this lane says for the first time. */
  readonly news: 'triggered' | 'withdrawn' | null;
  /** The high, low, volume or close that was compared. */
  readonly value: number;
  /** That of its bar, 2 or 3. */
  readonly state: number;
  /** Whether its bar is. */
  readonly whole: boolean;
  /** The greatest of all bars that it was judged by. */
  readonly position: number;
  /** Written even where nothing is stored that it speaks against: another telling of its bar may be on its way. */
  readonly kept: boolean;
}

/** The rule in words: `price of XRPETH above 0.2 (1m)`. */
export function alertWords(terms: Omit<AlertTerms, 'expiresMs'>): string {
  const { symbol, barSpec, condition, threshold, indicator } = terms;
  switch (condition) {
    case 'price_above': return `price of ${symbol} above ${threshold} (${barSpec})`;
    case 'price_below': return `price of ${symbol} below ${threshold} (${barSpec})`;
    case 'volume_above': return `volume of ${symbol} above ${threshold} (${barSpec})`;
    case 'crosses_indicator': return `price of ${symbol} crosses ${indicator} (${barSpec})`;
  }
}
