import { decodeState, encodeState } from '../../../src/checkpoints/encode.ts';
import type { AlertRow, AlertRule, AlertRules } from '../../../src/model/alert.ts';
import type { BarColumns } from '../../../src/model/bar.ts';
import { parseBarSpecs } from '../../../src/model/bar-spec.ts';
import type { IndicatorColumns } from '../../../src/model/indicator.ts';
import type { TickBatch } from '../../../src/model/tick-batch.ts';
import { LaneAlerts } from '../../../src/operators/alerts/lane-alerts.ts';
import { linesOf, parseIndicators } from '../../../src/operators/indicators/parse.ts';
import type { Snapshot } from '../../../src/operators/operator.ts';
import { FoldRig, type RigOptions } from '../fold-rig.ts';

/** The rules of a test: what lanes begin is written down at once, or by `flush`. */
export class TestRules implements AlertRules {
  version = 0;
  all: AlertRule[] = [];
  readonly isWritten: boolean;

  constructor(rules: readonly Partial<AlertRule>[] = [], isWritten = true) {
    this.isWritten = isWritten;
    for (const rule of rules) this.add(rule);
  }

  add(rule: Partial<AlertRule>): AlertRule {
    const made: AlertRule = {
      id: '00000000-0000-4000-8000-000000000001', version: 1, venue: 'venue', symbol: 'A', barSpec: '1s',
      condition: 'price_above', threshold: 100, indicator: null, validFromMs: 0, expiresMs: null, isDeleted: false, ...rule,
    };
    this.all = [...this.all, made];
    this.version++;
    return made;
  }

  begin({ id, version }: AlertRule, validFromMs: number): void {
    this.all = this.all.map((rule) => (rule.id === id && rule.version === version ? { ...rule, validFromMs } : rule));
    this.version++;
  }
}

/** What left a lane, in its order. */
export type Left =
  | { readonly kind: 'bar'; readonly closeMs: number }
  | { readonly kind: 'alert'; readonly row: AlertRow };

/** A `FoldRig` with rules behind bars and values, as the chain of a lane strings them together. */
export class AlertRig extends FoldRig {
  readonly laneAlerts: LaneAlerts;
  readonly alerts: AlertRow[] = [];
  left: Left[] = [];

  constructor(rules: AlertRules, options: RigOptions = {}) {
    super(options);
    const specs = parseBarSpecs(options.specs ?? ['1s']);
    this.laneAlerts = new LaneAlerts({
      lane: this.lane, instruments: this.instruments, specs, rules,
      lines: linesOf(parseIndicators(options.indicators ?? [], specs)),
      horizonMs: (venue) => this.admission.horizonMs(venue),
    });
  }

  override bars(block: BarColumns): void {
    super.bars(block);
    for (let row = 0; row < block.length; row++) this.left.push({ kind: 'bar', closeMs: block.closeTimeMs[row] });
    this.laneAlerts.takeBars(block);
  }

  override indicators(block: IndicatorColumns): void {
    super.indicators(block);
    this.laneAlerts.takeValues(block);
  }

  override alert(row: AlertRow): void {
    this.alerts.push(row);
    this.left.push({ kind: 'alert', row });
  }

  override takeBatch(batch: TickBatch): this {
    super.takeBatch(batch);
    this.laneAlerts.onBatch(batch, this);
    return this;
  }

  override tellTime(nowMs: number): this {
    super.tellTime(nowMs);
    this.laneAlerts.onTime(nowMs, this);
    return this;
  }

  override end(): this {
    super.end();
    this.laneAlerts.onEnd(0, this);
    return this;
  }

  /** News as words: `triggered 2` is the bar that opens two seconds after dawn. */
  news(dawnMs: number): string[] {
    return this.alerts.filter(({ news }) => news !== null).map(({ news, openTimeMs }) => `${news} ${(openTimeMs - dawnMs) / 1_000}`);
  }

  saveAll(): SavedRig {
    return { fold: this.save(), alerts: this.laneAlerts.snapshot() };
  }

  resumeAll({ fold, alerts }: SavedRig): void {
    this.resume(fold);
    this.laneAlerts.restore(alerts);
  }
}

export interface SavedRig {
  readonly fold: ReturnType<FoldRig['save']>;
  readonly alerts: Snapshot;
}

/** As a checkpoint keeps it. */
export async function throughBytes(saved: SavedRig): Promise<SavedRig> {
  const { fold: { admission, timeBars, indicators, position }, alerts } = saved;
  const bytes = await encodeState({ admission, operators: { timeBars, indicators, alerts } }, { lane: 'l', bytesMax: 1e8 });
  const state = await decodeState(bytes, { lane: 'l', bytesMax: 1e8 });
  const of = (name: string): Snapshot => state.operators[name] as Snapshot;
  return {
    fold: {
      admission: state.admission as SavedRig['fold']['admission'], timeBars: of('timeBars'), indicators: of('indicators'), position,
    },
    alerts: of('alerts'),
  };
}

/** The table as the guard of one generation makes it: state by key, 0 not met, 1 triggered, 2 withdrawn. */
export class AlertTable {
  readonly rows = new Map<string, { state: number; value: number; position: number; barState: number }>();

  write(row: AlertRow): void {
    const key = `${row.ruleId}/${row.ruleVersion}/${row.openTimeMs}`;
    const stored = this.rows.get(key);
    if (stored === undefined && !row.kept) return;
    const isNewer = stored === undefined || row.position > stored.position ||
      (row.position === stored.position && row.state > stored.barState);
    if (!isNewer) return;
    const state = row.isMet ? 1 : (stored?.state ?? 0) === 0 ? 0 : 2;
    this.rows.set(key, { state, value: row.value, position: row.position, barState: row.state });
  }

  get triggered(): Map<string, number> {
    return new Map([...this.rows].filter(([, { state }]) => state === 1).map(([key, { value }]) => [key, value]));
  }
}
