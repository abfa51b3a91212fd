import type { AlertRow, AlertRule, AlertRules } from '../../model/alert.ts';
import type { BarColumns } from '../../model/bar.ts';
import type { BarSpec } from '../../model/bar-spec.ts';
import type { Gap } from '../../model/gap.ts';
import type { IndicatorColumns, IndicatorLine } from '../../model/indicator.ts';
import type { InstrumentTable } from '../../model/instruments.ts';
import type { Lane } from '../../model/lane.ts';
import { refuseVersion } from '../fingerprints.ts';
import type { AdmittedBatch, Emit, Operator, Snapshot } from '../operator.ts';
import { AlertSeries } from './alert-series.ts';
import { RuleChain, versionKey } from './rule-chain.ts';
import { alertsState, restoreBars, type AlertsState, type NewestBar, type SavedSeries } from './snapshot.ts';

export interface LaneAlertsOptions {
  readonly lane: Lane;
  readonly instruments: InstrumentTable;
  readonly specs: readonly Pick<BarSpec, 'name'>[];
  /** What values of indicators are values of. */
  readonly lines: readonly IndicatorLine[];
  readonly rules: AlertRules;
  /** By venue index: bars that close here or before can change no more; null before its first tick. */
  readonly horizonMs: (venue: number) => number | null;
}

const snapshotVersion = 1;

/**
 * Rules of alerts on the bars of one lane: takes the bars and values that were emitted, and at the end of each call says of
 * each bar that changed what its rules come to. It stands behind time bars and indicators in the chain. What it says follows
 * from the bars of a series in order of time and from the rules alone. Without rules it does nothing.
 */
export class LaneAlerts implements Operator {
  readonly name = 'alerts';
  readonly timeDueAtMs = Infinity; // It follows what bars and values do.
  readonly #options: LaneAlertsOptions;
  readonly #specOfLine: readonly number[];
  #rulesVersion = -1;
  /** By bar: instrument · number of specs + spec. */
  #series = new Map<number, AlertSeries>();
  /** Chains whose instrument has not come yet, and how many instruments there were when it was last looked for. */
  #unknown: RuleChain[] = [];
  #instrumentsSeen = 0;
  readonly #changed = new Set<AlertSeries>();
  /** By venue · number of specs + spec: the newest close that was emitted. */
  #newestMs = new Float64Array(0);
  /** Of a snapshot: series that no rule was known for yet, and where versions had begun. */
  #savedSeries: readonly SavedSeries[] = [];
  #savedBegun: ReadonlyMap<string, number> = new Map();

  constructor(options: LaneAlertsOptions) {
    this.#options = options;
    const { lines, specs } = options;
    this.#specOfLine = lines.map(({ barSpec }) => specs.findIndex(({ name }) => name === barSpec));
  }

  /** Bars that were emitted in this call of the chain; what is given is read at once. */
  takeBars(rows: BarColumns): void {
    if (this.#changed.size === 0) this.#takeRules();
    if (this.#series.size > 0) this.#putBars(rows);
    this.#noteNewest(rows);
  }

  /** Values that were emitted in this call of the chain, behind the bars. */
  takeValues(rows: IndicatorColumns): void {
    if (this.#series.size === 0) return;
    const { lines, specs } = this.#options;
    for (let row = 0; row < rows.length; row++) {
      const line = rows.line[row];
      const series = this.#series.get(rows.instrument[row] * specs.length + this.#specOfLine[line]);
      if (series === undefined) continue;
      const isNew = series.putValue(
        lines[line].indicator, { openMs: rows.openTimeMs[row], barIndex: rows.barIndex[row] },
        { value: rows.value[row], position: rows.position[row], again: rows.again[row] === 1 });
      if (isNew) this.#changed.add(series);
    }
  }

  onBatch(_: AdmittedBatch, out: Emit): void {
    this.#judge(out);
  }

  onGap(_: Gap, out: Emit): void {
    this.#judge(out);
  }

  onTime(_: number, out: Emit): void {
    this.#judge(out);
  }

  onEnd(_: number, out: Emit): void {
    this.#judge(out);
  }

  snapshot(): Snapshot {
    const { instruments, specs } = this.#options;
    const newest: NewestBar[] = [];
    for (const [at, closeMs] of this.#newestMs.entries()) {
      if (closeMs === 0) continue;
      const venue = instruments.venueName(Math.floor(at / specs.length));
      newest.push({ venue, barSpec: specs[at % specs.length].name, closeMs });
    }
    const state = alertsState({ series: [...this.#series.values()], newest, instruments });
    return { version: snapshotVersion, fingerprints: {}, state };
  }

  /** What it had found out about bars; the rules are those of now. */
  restore(from: Snapshot): void {
    refuseVersion(this.#options.lane, this.name, { saved: from.version, own: snapshotVersion });
    const { newest, series, begun } = from.state as AlertsState;
    const { instruments, specs } = this.#options;
    for (const { venue, barSpec, closeMs } of newest) {
      const spec = specs.findIndex(({ name }) => name === barSpec);
      if (spec !== -1) this.#note(instruments.venueIndex(venue) * specs.length + spec, closeMs);
    }
    this.#savedBegun = new Map(begun.map(({ key, validFromMs }) => [key, validFromMs]));
    this.#savedSeries = series;
    this.#takeRules();
  }

  #takeRules(): void {
    const { rules } = this.#options;
    if (rules.version !== this.#rulesVersion) this.#replaceRules(rules);
    if (this.#unknown.length > 0 && this.#instrumentsSeen !== this.#options.instruments.size) this.#place(this.#unknown);
  }

  #replaceRules(rules: AlertRules): void {
    this.#rulesVersion = rules.version;
    const before = this.#series;
    this.#series = new Map();
    const byRule = Map.groupBy(rules.all, ({ id }) => id).values();
    this.#place([...byRule].map((versions) => new RuleChain(versions.map((rule) => this.#asBegun(rule)))));
    for (const [at, series] of this.#series) {
      const known = before.get(at);
      if (known !== undefined) series.bars = known.bars;
    }
  }

  /** Where it had begun by the snapshot, when the database was not told any more. */
  #asBegun(rule: AlertRule): AlertRule {
    const validFromMs = rule.validFromMs === null ? this.#savedBegun.get(versionKey(rule)) : undefined;
    if (validFromMs === undefined) return rule;
    this.#options.rules.begin(rule, validFromMs);
    return { ...rule, validFromMs };
  }

  #place(chains: readonly RuleChain[]): void {
    const { instruments, specs } = this.#options;
    this.#instrumentsSeen = instruments.size;
    this.#unknown = [];
    const placed = new Map<number, RuleChain[]>();
    for (const chain of chains) {
      const { venue, symbol, barSpec } = chain.newest;
      const instrument = instruments.find(venue, symbol);
      const spec = specs.findIndex(({ name }) => name === barSpec);
      const at = instrument * specs.length + spec;
      if (instrument === -1) this.#unknown.push(chain);
      else if (spec !== -1) placed.set(at, [...placed.get(at) ?? this.#series.get(at)?.chains ?? [], chain]);
    }
    for (const [at, chainsOfSeries] of placed) {
      const { venue, symbol, barSpec } = chainsOfSeries[0].newest;
      const series = new AlertSeries(Math.floor(at / specs.length), barSpec, chainsOfSeries);
      const saved = this.#savedSeries.find((one) => one.venue === venue && one.symbol === symbol && one.barSpec === barSpec);
      series.bars = this.#series.get(at)?.bars ?? (saved === undefined ? [] : restoreBars(saved));
      if (saved !== undefined) this.#savedSeries = this.#savedSeries.filter((one) => one !== saved);
      this.#series.set(at, series);
      if (series.bars.length > 0) this.#begin(series, at % specs.length); // Of a series that is ours: nobody else begins it.
    }
  }

  #putBars(rows: BarColumns): void {
    const { length } = this.#options.specs;
    for (let row = 0; row < rows.length; row++) {
      const series = this.#series.get(rows.instrument[row] * length + rows.spec[row]);
      if (series === undefined) continue;
      this.#begin(series, rows.spec[row]);
      series.putBar(rows, row);
      this.#changed.add(series);
    }
  }

  /**
   * A new rule holds for what was not emitted yet when it came, so that it comes to the same however often it is folded. Of
   * an edited one the version before has been judged on all that is stored, also where that is folded again after a death.
   */
  #begin({ chains, instrument }: AlertSeries, spec: number): void {
    for (const chain of chains) {
      const { newest } = chain;
      if (newest.validFromMs !== null) continue;
      const { instruments, specs, lane, rules } = this.#options;
      const emittedMs = this.#newestMs[instruments.venueOf[instrument] * specs.length + spec] ?? 0;
      const validFromMs = newest.version > 1 ? Math.max(emittedMs, lane.storedUntilMs) : emittedMs;
      chain.begin(validFromMs);
      rules.begin(newest, validFromMs);
    }
  }

  #judge(out: Emit): void {
    if (this.#changed.size === 0) return;
    const { lane, instruments, horizonMs } = this.#options;
    const emit = (row: AlertRow): void => out.alert(row);
    for (const series of this.#changed) {
      series.judge(lane.storedUntilMs, emit);
      series.settle(horizonMs(instruments.venueOf[series.instrument]) ?? -Infinity);
    }
    this.#changed.clear();
  }

  #noteNewest(rows: BarColumns): void {
    const { venueOf } = this.#options.instruments;
    const { length } = this.#options.specs;
    for (let row = 0; row < rows.length; row++) {
      const at = venueOf[rows.instrument[row]] * length + rows.spec[row];
      const closeMs = rows.closeTimeMs[row];
      if (!(this.#newestMs[at] >= closeMs)) this.#note(at, closeMs);
    }
  }

  #note(at: number, closeMs: number): void {
    if (at >= this.#newestMs.length) {
      const grown = new Float64Array(at + this.#options.specs.length);
      grown.set(this.#newestMs);
      this.#newestMs = grown;
    }
    this.#newestMs[at] = Math.max(this.#newestMs[at], closeMs);
  }
}
