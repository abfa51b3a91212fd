/**
 * What a value of each indicator costs on bars of a minute, in nanoseconds of CPU of the main thread, and what its bars hold in
 * memory: the formula alone, and the whole of it (bars into their lists, the formula, rows out, settled bars cut off), with as
 * many symbols as a large lane has. `node scripts/bench/indicators.ts` prints it.
 */
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { BarColumns, barState } from '../../src/model/bar.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { shippedIndicators } from '../docs/shipped-values.ts';
import { LaneIndicators } from '../../src/operators/indicators/lane-indicators.ts';
import { parseIndicators, type BarIndicator } from '../../src/operators/indicators/parse.ts';
import { indicatorBytesPerInstrument } from '../../src/operators/indicators/state-size.ts';
import type { AdmittedBatch, Emit } from '../../src/operators/operator.ts';
import { lane, randomNumbers, settings } from './fold.ts';
import type { BenchRow } from './row.ts';

const symbols = 5_000;
const minutes = 60;
const minuteMs = 60_000;
const warmUpMinutes = 20;
const specs = parseBarSpecs(['1m']);

/** Bars of one minute of all symbols, as they close together. Their prices move on with each call. */
class Minutes {
  readonly instruments = new InstrumentTable();
  readonly bars = new BarColumns(symbols);
  readonly #random = randomNumbers(1);
  readonly #prices = Float64Array.from({ length: symbols }, () => 50 + 100 * this.#random());

  constructor() {
    for (let n = 0; n < symbols; n++) this.instruments.intern('venue', `S${n}`);
  }

  next(minute: number): BarColumns {
    const { bars } = this;
    bars.length = 0;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const row = bars.add();
      const open = this.#prices[symbol];
      const close = (this.#prices[symbol] += this.#random() - 0.5);
      bars.spec[row] = 0;
      bars.instrument[row] = symbol;
      bars.openTimeMs[row] = minute * minuteMs;
      bars.closeTimeMs[row] = (minute + 1) * minuteMs;
      bars.barIndex[row] = 0;
      bars.open[row] = open;
      bars.high[row] = Math.max(open, close) + this.#random();
      bars.low[row] = Math.min(open, close) - this.#random();
      bars.close[row] = close;
      bars.volume[row] = 1_000 * this.#random();
      bars.notional[row] = bars.volume[row] * close;
      bars.quality[row] = 0;
      bars.state[row] = barState.closed;
      bars.revision[row] = 0;
      bars.whole[row] = 1;
      bars.position[row] = minute * symbols + symbol;
    }
    return bars;
  }
}

interface Cost {
  readonly nanoseconds: number;
  /** Of one turn of the loop: all that a minute closes. */
  readonly longestMs: number;
}

/** A value of a line, from the bar that was emitted to the row that goes out. */
function measure(indicators: readonly BarIndicator[]): Cost {
  const feed = new Minutes();
  let horizonMs = 0;
  let values = 0;
  const operator = new LaneIndicators({ lane, instruments: feed.instruments, indicators, horizonMs: () => horizonMs });
  const nothing = (): void => {};
  const out: Emit = {
    bars: nothing, alert: nothing, lateTick: nothing, gap: nothing, deadLetter: nothing,
    indicators: (rows) => { values += rows.length; },
  };
  let [spentMs, longestMs] = [0, 0];
  for (let minute = 1; minute <= warmUpMinutes + minutes; minute++) {
    const bars = feed.next(minute);
    horizonMs = (minute + 1) * minuteMs - settings.out_of_orderness_ms - settings.allowed_lateness_ms;
    if (minute === warmUpMinutes) values = 0;
    const begun = process.threadCpuUsage();
    operator.takeBars(bars);
    operator.onBatch({} as AdmittedBatch, out);
    const { user, system } = process.threadCpuUsage(begun);
    if (minute < warmUpMinutes) continue;
    spentMs += (user + system) / 1_000;
    longestMs = Math.max(longestMs, (user + system) / 1_000);
  }
  return { nanoseconds: (spentMs * 1e6) / values, longestMs };
}

/** The formula by itself, over one series that stays in the cache: nanoseconds a bar. */
function measureFormula({ indicator }: BarIndicator): number {
  const [state, values] = [new Float64Array(indicator.stateSize), new Float64Array(indicator.lines.length)];
  const random = randomNumbers(2);
  const bars = Array.from({ length: 1_000 }, (_, index) => ({
    openTimeMs: index * minuteMs, closeTimeMs: (index + 1) * minuteMs, open: 100, high: 101 + random(), low: 99 - random(),
    close: 99 + 2 * random(), volume: random(), notional: 100 * random(),
  }));
  const steps = 400_000;
  let begun = process.threadCpuUsage();
  for (let step = 0; step < 2 * steps; step++) {
    if (step === steps) begun = process.threadCpuUsage();
    indicator.step(bars[step % bars.length], state, values);
  }
  const { user, system } = process.threadCpuUsage(begun);
  return ((user + system) * 1_000) / steps;
}

export async function benchIndicators(): Promise<BenchRow[]> {
  const others = ['volume_trend(20)@1m', 'pv_correlation(20)@1m', 'sma(200)@1m'];
  const each = parseIndicators([...shippedIndicators, ...others], specs);
  const rows: BenchRow[] = each.map((one) => ({
    name: `${one.indicator.name}, a value of a line`, value: measure([one]).nanoseconds, unit: 'ns CPU',
    limitName: 'its formula alone, a bar', limit: measureFormula(one), aim: '',
  }));
  const shipped = parseIndicators(shippedIndicators, specs);
  const { nanoseconds, longestMs } = measure(shipped);
  const lines = shipped.reduce((sum, { indicator }) => sum + indicator.lines.length, 0);
  const bytes = indicatorBytesPerInstrument(shipped, specs, settings);
  const plain = { limitName: '', limit: 0, aim: '' };
  rows.push(
    { ...plain, name: `all ${lines} lines of config.yaml, a value`, value: nanoseconds, unit: 'ns CPU' },
    { ...plain, name: `the same, ${symbols} symbols: the longest turn at a full minute`, value: longestMs, unit: 'ms CPU' },
    { ...plain, name: 'the same, in memory and in a checkpoint, a symbol', value: bytes, unit: 'bytes' },
  );
  return rows;
}

if (import.meta.main) {
  for (const { name, value, limit, unit } of await benchIndicators()) {
    console.log(`${name.padEnd(64)} ${value.toFixed(value < 100 ? 1 : 0).padStart(8)} ${unit}  ${limit > 0 ? limit.toFixed(0) : ''}`);
  }
}
