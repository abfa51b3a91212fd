import { exactMean, exactSum, exactSumOfProducts } from './exact.ts';
import type { AdmittedTick, Judgement } from './judge.ts';
import { judge } from './judge.ts';
import type { LogRecord, OracleBar, OracleLateTick, OracleLedger, OracleSettings } from './log.ts';
import { windowOf } from './windows.ts';

export interface OracleResult {
  /** The last row of every key, in order of venue, symbol, spec and open time. */
  readonly bars: readonly OracleBar[];
  readonly lateTicks: readonly OracleLateTick[];
  readonly ledger: OracleLedger;
}

/** What the table must hold once the whole log has been read: each bar from all its ticks, from scratch. */
export function foldLog(log: readonly LogRecord[], settings: OracleSettings): OracleResult {
  const judgement = judge(log, settings);
  const bars: OracleBar[] = [];
  for (const spec of settings.specs) {
    for (const ticks of ticksByBar(judgement.admitted, spec)) {
      const bar = barOf(ticks, spec, { judgement, settings });
      if (bar !== null) bars.push(bar);
    }
  }
  return { bars: bars.sort(byKey), lateTicks: judgement.lateTicks, ledger: judgement.ledger };
}

function ticksByBar(admitted: readonly AdmittedTick[], spec: string): Iterable<AdmittedTick[]> {
  const groups = Map.groupBy(admitted, ({ tick }) =>
    JSON.stringify([tick.venue, tick.symbol, windowOf(spec, tick.eventTimeMs).openMs]));
  return groups.values();
}

interface Context {
  readonly judgement: Judgement;
  readonly settings: OracleSettings;
}

/**
 * Null for a bar that nothing has closed. `admitted` are its ticks in the order in which they were admitted.
 */
function barOf(admitted: readonly AdmittedTick[], spec: string, context: Context): OracleBar | null {
  const { venue, symbol, eventTimeMs } = admitted[0].tick;
  const { openMs, closeMs } = windowOf(spec, eventTimeMs);
  const closedAt = closingPosition(venue, closeMs, context.judgement);
  if (closedAt === null) return null;
  const flaws = flawsOf({ venue, symbol, spec, openMs, closeMs }, context);
  const inOrder = [...admitted].sort((a, b) => byEventTime(a, b, context.settings));
  const ticks = inOrder.map(({ tick }) => tick);
  const prices = ticks.map((tick) => tick.price);
  const amounts = ticks.map((tick) => [tick.price, tick.size] as const);
  return {
    venue, symbol, spec,
    openTimeMs: openMs,
    closeTimeMs: closeMs,
    open: prices[0],
    high: prices.reduce((a, b) => Math.max(a, b)),
    low: prices.reduce((a, b) => Math.min(a, b)),
    close: prices.at(-1)!,
    volume: exactSum(ticks.map((tick) => tick.size)),
    notional: exactSumOfProducts(amounts),
    vwap: exactMean(amounts),
    trades: ticks.length,
    buyVolume: exactSum(ticks.filter((tick) => tick.side === 'buy').map((tick) => tick.size)),
    sellVolume: exactSum(ticks.filter((tick) => tick.side === 'sell').map((tick) => tick.size)),
    quality: flaws.quality,
    state: 3,
    revision: admitted.filter((one) => one.watermarkBeforeMs >= closeMs).length,
    whole: flaws.whole,
    position: Math.max(closedAt, flaws.position, ...admitted.map((one) => one.position)),
  };
}

/**
 * Position of the record that took the venue's watermark to the window's end, or of the end of the log; null:
 * neither yet.
 */
function closingPosition(venue: string, closeMs: number, judgement: Judgement): number | null {
  const closing = judgement.timeline.find((one) =>
    one.tick.venue === venue && one.watermarkAfterMs >= closeMs);
  return closing?.position ?? judgement.endPosition;
}

/** By event time; ties by trade id where ids are monotone, else by place in the log. */
function byEventTime(a: AdmittedTick, b: AdmittedTick, settings: OracleSettings): number {
  const time = a.tick.eventTimeMs - b.tick.eventTimeMs;
  if (time !== 0) return time;
  return settings.ids === 'monotone' ? Number(a.tick.tradeId) - Number(b.tick.tradeId) : a.place - b.place;
}

interface BarWindow {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly openMs: number;
  readonly closeMs: number;
}

interface Flaws {
  readonly quality: 0 | 1 | 2;
  readonly whole: boolean;
  /** Of the last gap that changed quality or wholeness; -Infinity when none did. */
  readonly position: number;
}

function flawsOf(bar: BarWindow, { judgement, settings }: Context): Flaws {
  const first = judgement.timeline.find((one) => one.tick.venue === bar.venue)!;
  const beginsTooEarly = bar.openMs < first.tick.eventTimeMs + settings.outOfOrdernessMs;
  let flaws: Flaws = { quality: 0, whole: true, position: -Infinity };
  if (!settings.complete && beginsTooEarly) flaws = { quality: 1, whole: false, position: -Infinity };
  for (const { gap, horizonMs } of judgement.gaps) {
    const isSettled = bar.closeMs <= (horizonMs.get(bar.venue) ?? -Infinity);
    const concerns = (gap.venue === 'all' || gap.venue === bar.venue) &&
      (gap.symbols === 'all' || gap.symbols.includes(bar.symbol)) &&
      (gap.barSpec === null || gap.barSpec === bar.spec) &&
      gap.fromMs < bar.closeMs && gap.untilMs > bar.openMs;
    if (isSettled || !concerns) continue;
    // Where the venue itself was away, another reading of the log finds no more.
    const whole = flaws.whole && gap.reason === 'venue-outage';
    const isChange = flaws.quality !== 2 || flaws.whole !== whole;
    flaws = { quality: 2, whole, position: isChange ? gap.position : flaws.position };
  }
  return flaws;
}

function byKey(a: OracleBar, b: OracleBar): number {
  return compareText(a.venue, b.venue) || compareText(a.symbol, b.symbol) || compareText(a.spec, b.spec) ||
    a.openTimeMs - b.openTimeMs;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
