import type { LaneBeginning, LaneParts, PlaceOfLane } from './lane-parts.ts';
import { failPoint } from './fail-points.ts';
import { noAlertRules } from './model/alert.ts';
import type { BarColumns } from './model/bar.ts';
import type { LaneState } from './model/checkpoint.ts';
import type { IndicatorColumns } from './model/indicator.ts';
import type { Lane } from './model/lane.ts';
import { Admission, type AdmissionSnapshot } from './operators/admission.ts';
import { LaneAlerts } from './operators/alerts/lane-alerts.ts';
import { LaneIndicators } from './operators/indicators/lane-indicators.ts';
import { linesOf } from './operators/indicators/parse.ts';
import type { Operator, Snapshot } from './operators/operator.ts';
import { createTimeBars } from './operators/time-bars.ts';

/** What folds the ticks of a lane: admission, then bars, then values of bars, then what rules make of both. */
export class LaneChain {
  readonly admission: Admission;
  readonly bars: ReturnType<typeof createTimeBars>;
  readonly indicators: LaneIndicators;
  /** In the order in which they are called: what an operator emits, those behind it have when their turn comes. */
  readonly operators: readonly Operator[];
  readonly #alerts: LaneAlerts;

  constructor(lane: Lane, parts: Omit<LaneParts, PlaceOfLane>) {
    const { instruments, specs, indicators = [], alertRules: rules = noAlertRules, bars: settings } = parts;
    const admission = this.admission = new Admission({ lane, instruments, settings: { ...settings, ...parts.admission } });
    const { bounds } = admission;
    const horizonMs = (venue: number): number | null => admission.horizonMs(venue);
    this.bars = createTimeBars({ lane, instruments, specs, settings, bounds });
    this.indicators = new LaneIndicators({ lane, instruments, indicators, bounds, horizonMs });
    this.#alerts = new LaneAlerts({ lane, instruments, specs, lines: linesOf(indicators), rules, horizonMs });
    this.operators = [this.bars, this.indicators, this.#alerts];
  }

  takeBars(rows: BarColumns): void {
    this.indicators.takeBars(rows);
    this.#alerts.takeBars(rows);
  }

  takeValues(rows: IndicatorColumns): void {
    this.#alerts.takeValues(rows);
  }

  /** Throws an MdpError where the state does not fit: `checkpoint-unreadable`, `settings-changed`. */
  restore({ admission, operators }: LaneState, { position, storedBars = [] }: Omit<LaneBeginning, 'state'>): void {
    this.admission.restore(admission as AdmissionSnapshot);
    failPoint('during-restore');
    const of = ({ name }: Operator): Snapshot | undefined => operators[name] as Snapshot | undefined;
    const [bars, indicators, alerts] = [of(this.bars), of(this.indicators), of(this.#alerts)];
    if (indicators === undefined) this.indicators.beginLate();
    else this.indicators.restore(indicators);
    if (bars !== undefined) {
      this.bars.restore(bars);
      this.bars.takeStored(storedBars, position);
    }
    if (alerts !== undefined) this.#alerts.restore(alerts);
  }
}
