import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import type { BarColumns } from '../../src/model/bar.ts';
import type { Gap, GapReason } from '../../src/model/gap.ts';
import type { IndicatorColumns, IndicatorLine } from '../../src/model/indicator.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { LateTick } from '../../src/model/rows.ts';
import type { Reject, RejectReason, TickBatch } from '../../src/model/tick-batch.ts';
import { Admission } from '../../src/operators/admission.ts';
import { LaneIndicators } from '../../src/operators/indicators/lane-indicators.ts';
import { linesOf, parseIndicators } from '../../src/operators/indicators/parse.ts';
import type { Emit } from '../../src/operators/operator.ts';
import { createTimeBars } from '../../src/operators/time-bars.ts';
import type { ActualBar } from '../oracle/compare.ts';
import type { LogGap, LogReject, LogTick, OracleLateTick, OracleLedger } from '../oracle/log.ts';
import type { ActualValue } from '../oracle/values.ts';
import { laneOf } from './batches.ts';
import { everyIndicator, indicatorsOf } from './feeds.ts';
import type { Scenario } from './log-generator.ts';

export interface ProgramResult {
  readonly bars: readonly ActualBar[];
  /** Of every indicator on bars of every spec. */
  readonly values: readonly ActualValue[];
  readonly lateTicks: readonly OracleLateTick[];
  readonly ledger: OracleLedger;
  /** Rules of the contract that were broken on the way, in words. */
  readonly faults: readonly string[];
}

const sides = ['unknown', 'buy', 'sell'] as const;
/** The program's words for what the generator of logs calls the same. */
const rejectReasons: Readonly<Record<string, RejectReason>> = { 'malformed': 'malformed', 'bad-time': 'bad-time' };
const gapReasons: Readonly<Record<string, GapReason>> = {
  'venue-outage': 'venue-outage', 'disconnect': 'disconnect', 'restart': 'restart', 'dropped-batch': 'dropped-batch',
  'deleted-records': 'deleted-records',
};

/** What the program's own admission, time bars and indicators make of a scenario, cut into batches as the scenario says. */
export function foldWithProgram({ settings, log, cuts }: Scenario): ProgramResult {
  const instruments = new InstrumentTable();
  const lane = laneOf({ complete: settings.complete });
  const bars = {
    specs: settings.specs,
    out_of_orderness_ms: settings.outOfOrdernessMs,
    allowed_lateness_ms: settings.allowedLatenessMs,
    max_future_skew_ms: settings.maxFutureSkewMs,
    max_jump_ms: settings.maxJumpMs,
    idle_ms: 5_000,
  };
  const admission = new Admission({
    lane, instruments,
    settings: {
      ...bars, ids: settings.ids, zero_size: settings.zeroSize, off_market: settings.offMarket,
      nonpositive_price: settings.nonPositivePrice,
      from: isoOf(settings.fromMs), until: settings.untilMs === null ? null : String(settings.untilMs), // Either spelling.
    },
  });
  const specs = parseBarSpecs(settings.specs);
  const timeBars = createTimeBars({ lane, instruments, specs, settings: bars, bounds: admission.bounds });
  const computed = parseIndicators(indicatorsOf(settings, everyIndicator).specs, specs);
  const indicators = new LaneIndicators({
    lane, instruments, indicators: computed, bounds: admission.bounds, horizonMs: (venue) => admission.horizonMs(venue),
  });
  const collector = new Collector(instruments, {
    specs: specs.map((spec) => spec.name), lines: linesOf(computed), onBars: (rows) => indicators.takeBars(rows),
  });
  let received = 0;
  for (const item of itemsOf({ log, cuts, settings }, instruments)) {
    if (item.kind === 'gap') {
      timeBars.onGap(item, collector);
      indicators.onGap(item, collector);
    } else if (item.kind === 'ticks') {
      received += item.length + item.rejects.length;
      const admitted = admission.admit(item, collector);
      timeBars.onBatch(admitted, collector);
      indicators.onBatch(admitted, collector);
    } else {
      const released = admission.end(item.position, collector);
      if (released !== null) timeBars.onBatch(released, collector);
      timeBars.onEnd(item.position, collector);
      indicators.onEnd(item.position, collector);
    }
  }
  const { aggregated, duplicate, late, excluded, rejected, held } = admission.counts;
  const nonZero = Object.fromEntries(Object.entries(rejected).filter(([, count]) => count > 0));
  return { ...collector.result(), ledger: { received, aggregated, duplicate, late, excluded, rejected: nonZero, held } };
}

function isoOf(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}

type Item = TickBatch | Gap | { readonly kind: 'end'; readonly position: number };

/** Cuts a log into batches: a record stays in one piece, and gaps and the end stand between batches. */
export function* itemsOf({ log, cuts, settings }: Scenario, instruments: InstrumentTable): Generator<Item> {
  const lane = laneOf({ complete: settings.complete });
  let records: (LogTick | LogReject)[] = [];
  let cut = 0;
  const isFull = (next: LogTick | LogReject): boolean =>
    records.length >= cuts[cut % cuts.length] && records.at(-1)!.position !== next.position;
  const close = function* (): Generator<TickBatch> {
    if (records.length > 0) yield batchOf(records, { lane, instruments, ids: settings.ids });
    records = [];
    cut++;
  };
  for (const record of log) {
    if (record.kind === 'tick' || record.kind === 'reject') {
      if (isFull(record)) yield* close();
      records.push(record);
      continue;
    }
    yield* close();
    yield record.kind === 'end' ? record : gapOf(record, lane, instruments);
  }
  yield* close();
}

interface BatchContext {
  readonly lane: TickBatch['lane'];
  readonly instruments: InstrumentTable;
  readonly ids: 'monotone' | 'unique' | 'absent';
}

function batchOf(records: readonly (LogTick | LogReject)[], { lane, instruments, ids }: BatchContext): TickBatch {
  const ticks = records.filter((record) => record.kind === 'tick');
  const column = (value: (tick: LogTick) => number): Float64Array => Float64Array.from(ticks, value);
  const rejects = records.filter((record) => record.kind === 'reject').map((record): Reject => ({
    position: record.position, reason: rejectReasons[record.reason], message: 'planted', place: `log:${record.position}`,
    bytes: new Uint8Array(),
  }));
  const allNumbers = ticks.every((tick) => typeof tick.tradeId === 'number');
  const tradeId = allNumbers ? column((tick) => Number(tick.tradeId)) : ticks.map((tick) => tick.tradeId!);
  return {
    kind: 'ticks', lane, length: ticks.length,
    instrument: Int32Array.from(ticks, (tick) => instruments.intern(tick.venue, tick.symbol)),
    price: column((tick) => tick.price),
    size: column((tick) => tick.size),
    side: Uint8Array.from(ticks, (tick) => sides.indexOf(tick.side)),
    eventTimeMs: column((tick) => tick.eventTimeMs),
    position: column((tick) => tick.position),
    order: column((tick) => (ids === 'monotone' ? Number(tick.tradeId) : tick.position)),
    ...(ids === 'absent' ? {} : { tradeId }),
    ...(ticks[0]?.logTimeMs === null ? {} : { logTimeMs: column((tick) => tick.logTimeMs!) }),
    ...(ticks.some((tick) => tick.offMarket) ? { offMarket: Uint8Array.from(ticks, (tick) => (tick.offMarket ? 1 : 0)) } : {}),
    receivedTimeMs: ticks[0]?.receivedTimeMs ?? 0,
    nextPosition: records.at(-1)!.position + 1,
    atLogEnd: false, rejects, inexactCount: 0,
  };
}

function gapOf(gap: LogGap, lane: Gap['lane'], instruments: InstrumentTable): Gap {
  const venues = gap.venue === 'all' ? ['alpha', 'beta', '__proto__'] : [gap.venue];
  const symbols = gap.symbols;
  return {
    kind: 'gap', lane, position: gap.position, fromMs: gap.fromMs, untilMs: gap.untilMs, reason: gapReasons[gap.reason],
    venue: gap.venue === 'all' ? 'all' : instruments.venueIndex(gap.venue),
    instruments: symbols === 'all' ? 'all'
      : Int32Array.from(venues.flatMap((venue) => symbols.map((symbol) => instruments.intern(venue, symbol)))),
    ticksLost: 0,
    ...(gap.barSpec === null ? {} : { barSpec: gap.barSpec }),
  };
}

interface CollectorParts {
  readonly specs: readonly string[];
  readonly lines: readonly IndicatorLine[];
  readonly onBars: (rows: BarColumns) => void;
}

/** Keeps the last row of every key, and watches that rows only ever get better. */
class Collector implements Emit {
  readonly #instruments: InstrumentTable;
  readonly #parts: CollectorParts;
  readonly #bars = new Map<string, ActualBar>();
  readonly #values = new Map<string, ActualValue>();
  readonly #lateTicks: OracleLateTick[] = [];
  readonly #lateKeys = new Set<string>();
  readonly #faults: string[] = [];

  constructor(instruments: InstrumentTable, parts: CollectorParts) {
    this.#instruments = instruments;
    this.#parts = parts;
  }

  bars(rows: BarColumns): void {
    for (let row = 0; row < rows.length; row++) {
      const bar = this.#barAt(rows, row);
      const key = JSON.stringify([bar.venue, bar.symbol, bar.spec, bar.openTimeMs]);
      const before = this.#bars.get(key);
      if (before !== undefined && before.position > bar.position) this.#faults.push(`${key}: its position went back`);
      if (before !== undefined && rows.again[row] === 0) this.#faults.push(`${key}: came again and says it is the first`);
      this.#bars.set(key, bar);
    }
    this.#parts.onBars(rows);
  }

  indicators(rows: IndicatorColumns): void {
    for (let row = 0; row < rows.length; row++) {
      const value = this.#valueAt(rows, row);
      const key = JSON.stringify([value.venue, value.symbol, value.spec, value.indicator, value.openTimeMs]);
      const before = this.#values.get(key);
      if (before !== undefined && before.position > value.position) this.#faults.push(`${key}: its position went back`);
      if ((before === undefined) !== (rows.again[row] === 0)) this.#faults.push(`${key}: does not say whether it is the first`);
      this.#values.set(key, value);
    }
  }

  lateTick(tick: LateTick): void {
    const key = `${tick.position}/${tick.counter}`;
    if (this.#lateKeys.has(key)) this.#faults.push(`two late ticks with the key ${key}`);
    this.#lateKeys.add(key);
    const { position, eventTimeMs, price, size, tradeId, watermarkMs } = tick;
    this.#lateTicks.push({
      position, eventTimeMs, price, size, tradeId, watermarkMs, side: sides[tick.side],
      venue: this.#instruments.venue(tick.instrument), symbol: this.#instruments.symbol(tick.instrument),
    });
  }

  gap(): void {}

  alert(): void {}

  deadLetter(): void {}

  result(): Pick<ProgramResult, 'bars' | 'values' | 'lateTicks' | 'faults'> {
    return { bars: [...this.#bars.values()], values: [...this.#values.values()], lateTicks: this.#lateTicks, faults: this.#faults };
  }

  #valueAt(rows: IndicatorColumns, row: number): ActualValue {
    const instrument = rows.instrument[row];
    const { indicator, barSpec } = this.#parts.lines[rows.line[row]];
    return {
      venue: this.#instruments.venue(instrument), symbol: this.#instruments.symbol(instrument), spec: barSpec, indicator,
      openTimeMs: rows.openTimeMs[row], closeTimeMs: rows.closeTimeMs[row],
      value: Number.isNaN(rows.value[row]) ? null : rows.value[row], quality: rows.quality[row], state: rows.state[row],
      revision: rows.revision[row], whole: rows.whole[row] === 1, position: rows.position[row],
    };
  }

  #barAt(rows: BarColumns, row: number): ActualBar {
    const instrument = rows.instrument[row];
    const [volume, notional] = [rows.volume[row], rows.notional[row]];
    return {
      venue: this.#instruments.venue(instrument), symbol: this.#instruments.symbol(instrument),
      spec: this.#parts.specs[rows.spec[row]], openTimeMs: rows.openTimeMs[row], closeTimeMs: rows.closeTimeMs[row],
      open: rows.open[row], high: rows.high[row], low: rows.low[row], close: rows.close[row],
      volume, notional, vwap: volume === 0 ? null : notional / volume, trades: rows.trades[row],
      buyVolume: rows.buyVolume[row], sellVolume: rows.sellVolume[row], quality: rows.quality[row],
      state: rows.state[row], revision: rows.revision[row], whole: rows.whole[row] === 1, position: rows.position[row],
    };
  }
}
