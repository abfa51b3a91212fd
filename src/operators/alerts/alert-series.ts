import type { AlertRow, AlertRule } from '../../model/alert.ts';
import type { BarColumns } from '../../model/bar.ts';
import { judge, type JudgedBar } from './condition.ts';
import { versionKey, type RuleChain } from './rule-chain.ts';

/** A value of an indicator on a bar. */
export interface LineValue {
  readonly value: number;
  readonly position: number;
  readonly again: boolean;
}

/** What was emitted last of a version of a rule on a bar. */
export interface Told {
  readonly isMet: boolean;
  readonly value: number;
  readonly position: number;
  readonly state: number;
}

/** A bar that may still be revised, or the last one that may not. */
export class AlertBar implements JudgedBar {
  readonly openMs: number;
  readonly barIndex: number;
  closeMs = 0;
  open = 0;
  high = 0;
  low = 0;
  close = 0;
  volume = 0;
  position = 0;
  state = 0;
  revision = 0;
  isWhole = false;
  isAgain = false;
  readonly values = new Map<string, LineValue>();
  readonly told = new Map<string, Told>();

  constructor(openMs: number, barIndex: number) {
    this.openMs = openMs;
    this.barIndex = barIndex;
  }

  valueOf(indicator: string): number {
    return this.values.get(indicator)?.value ?? NaN;
  }

  take(rows: BarColumns, row: number): void {
    this.closeMs = rows.closeTimeMs[row];
    this.open = rows.open[row];
    this.high = rows.high[row];
    this.low = rows.low[row];
    this.close = rows.close[row];
    this.volume = rows.volume[row];
    this.position = rows.position[row];
    this.state = rows.state[row];
    this.revision = rows.revision[row];
    this.isWhole = rows.whole[row] === 1;
    this.isAgain = rows.again[row] === 1;
  }
}

/** The rules on the bars of one instrument and spec, and those of its bars that a judgement can still need. */
export class AlertSeries {
  readonly instrument: number;
  readonly barSpec: string;
  readonly chains: readonly RuleChain[];
  /** In order of time. */
  bars: AlertBar[] = [];
  /** Lines that its rules ask for. */
  readonly #lines: ReadonlySet<string>;
  #changedFrom = Infinity;

  constructor(instrument: number, barSpec: string, chains: readonly RuleChain[]) {
    this.instrument = instrument;
    this.barSpec = barSpec;
    this.chains = chains;
    const lines = chains.flatMap(({ versions }) => versions.map(({ indicator }) => indicator));
    this.#lines = new Set(lines.filter((line) => line !== null));
  }

  putBar(rows: BarColumns, row: number): void {
    const at = this.#placeOf(rows.openTimeMs[row], rows.barIndex[row]);
    this.bars[at].take(rows, row);
    this.#changedFrom = Math.min(this.#changedFrom, at);
  }

  /** Returns whether a rule may come to something else by it. */
  putValue(indicator: string, key: { readonly openMs: number; readonly barIndex: number }, value: LineValue): boolean {
    if (!this.#lines.has(indicator)) return false;
    const at = this.#find(key.openMs, key.barIndex);
    if (at === -1) return false;
    this.bars[at].values.set(indicator, value);
    this.#changedFrom = Math.min(this.#changedFrom, at);
    return true;
  }

  /** Judges every bar from the first that changed, and gives what is new about it. */
  judge(storedUntilMs: number, emit: (row: AlertRow) => void): void {
    for (let at = this.#changedFrom; at < this.bars.length; at++) {
      const bar = this.bars[at];
      for (const chain of this.chains) {
        const rule = chain.at(bar.closeMs);
        if (rule === null) continue;
        const before = this.#before(at, rule);
        const row = this.#rowOf(rule, bar, { before, mayBeStored: bar.closeMs <= storedUntilMs });
        if (row !== null) emit(row);
      }
    }
    this.#changedFrom = Infinity;
  }

  /** Forgets bars before the last one that closes at the horizon or before. */
  settle(horizonMs: number): void {
    const unsettled = this.bars.findIndex(({ closeMs }) => closeMs > horizonMs);
    const keepFrom = (unsettled === -1 ? this.bars.length : unsettled) - 1;
    if (keepFrom > 0) this.bars.splice(0, keepFrom);
  }

  /** The bar before, where the rule holds for it too; none that a judgement does not look at. */
  #before(at: number, rule: AlertRule): AlertBar | null {
    if (at === 0 || rule.condition === 'volume_above') return null;
    const before = this.bars[at - 1];
    return before.closeMs > rule.validFromMs! ? before : null;
  }

  #rowOf(
    rule: AlertRule, bar: AlertBar, { before, mayBeStored }: { before: AlertBar | null; mayBeStored: boolean },
  ): AlertRow | null {
    const { isMet, value } = judge(rule, bar, before);
    const position = positionOf(rule, bar, before);
    const key = versionKey(rule);
    const told = bar.told.get(key);
    const { state } = bar;
    if (told?.isMet === isMet && told.value === value && told.position === position && told.state === state) return null;
    // It may have been met in an earlier telling of this bar, which a process that has died since, or another, has written.
    const kept = isMet || told !== undefined || bar.isAgain || bar.revision > 0 || position > bar.position;
    if (!kept && !mayBeStored) return null;
    bar.told.set(key, { isMet, value, position, state });
    return {
      ruleId: rule.id, ruleVersion: rule.version, validFromMs: rule.validFromMs!, instrument: this.instrument,
      barSpec: this.barSpec,
      openTimeMs: bar.openMs, closeTimeMs: bar.closeMs, barIndex: bar.barIndex, value, state, whole: bar.isWhole,
      position, kept,
      isMet, news: isMet === (told?.isMet ?? false) ? null : isMet ? 'triggered' : 'withdrawn',
    };
  }

  #placeOf(openMs: number, barIndex: number): number {
    let at = this.bars.length;
    while (at > 0 && isAfter(this.bars[at - 1], openMs, barIndex)) at--;
    if (at > 0 && this.bars[at - 1].openMs === openMs && this.bars[at - 1].barIndex === barIndex) return at - 1;
    this.bars.splice(at, 0, new AlertBar(openMs, barIndex));
    return at;
  }

  #find(openMs: number, barIndex: number): number {
    let at = this.bars.length - 1;
    while (at >= 0 && isAfter(this.bars[at], openMs, barIndex)) at--;
    return at >= 0 && this.bars[at].openMs === openMs && this.bars[at].barIndex === barIndex ? at : -1;
  }
}

function isAfter(bar: AlertBar, openMs: number, barIndex: number): boolean {
  return bar.openMs > openMs || (bar.openMs === openMs && bar.barIndex > barIndex);
}

/** Of the last record that changed anything that the rule was judged by. */
function positionOf({ indicator }: AlertRule, bar: AlertBar, before: AlertBar | null): number {
  const line = (of: AlertBar | null): number => (indicator === null ? 0 : of?.values.get(indicator)?.position ?? 0);
  return Math.max(bar.position, before?.position ?? 0, line(bar), line(before));
}
