import * as fc from 'fast-check';
import type { LogGap, LogRecord, LogTick, OracleSettings } from '../oracle/log.ts';
import { windowOf } from '../oracle/windows.ts';
import { day, laneBounds, minute, others, randomSettings, startTimes, ticks, type Step } from './log-steps.ts';

/*
 * Random logs with everything in them that a feed can do wrong. A log is made from a list of small steps, so that
 * fast-check can shrink a failing one to the few steps that matter. Times are drawn around the edges that decide
 * (a watermark, a horizon, a window's end), because that is where a fold goes wrong.
 */

export interface Scenario {
  readonly settings: OracleSettings;
  readonly log: readonly LogRecord[];
  /** Numbers of records, over and over: how the log is cut into batches. */
  readonly cuts: readonly number[];
}

export interface ScenarioLimits {
  readonly stepsMax: number;
  /** A trade file knows no gaps, no log times, no off-market marks, and one record a line. */
  readonly asFile: boolean;
  /** Settings that are given; the others are random. */
  readonly given?: Partial<OracleSettings>;
}

/** Random settings and a random log for them. */
export function scenarios({ stepsMax, asFile, given = {} }: ScenarioLimits): fc.Arbitrary<Scenario> {
  const step = fc.oneof({ weight: 9, arbitrary: ticks(asFile) }, { weight: 2, arbitrary: others(asFile) });
  return fc.record({
    settings: randomSettings(asFile).map((settings) => ({ ...settings, ...given })),
    startMs: startTimes(asFile),
    logTimes: asFile ? fc.constant(false) : fc.boolean(),
    receivedAfterMs: fc.constantFrom(-10 * day, 0, 100_000 * day),
    hasEnd: asFile ? fc.constant(true) : fc.boolean(),
    wholeMs: fc.constant(asFile),
    steps: fc.array(step, { maxLength: stepsMax, size: 'max' }),
    cuts: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
    bounds: laneBounds,
  }).map(({ settings, steps, cuts, bounds, ...start }) => {
    const bounded = { ...settings, ...boundsAt(start.startMs, bounds, settings.specs) };
    return { settings: bounded, cuts, log: new Feed(bounded, start).play(steps) };
  });
}

function boundsAt(
  startMs: number, { from, until }: { readonly from: number | null; readonly until: number | null }, specs: readonly string[],
): Pick<OracleSettings, 'fromMs' | 'untilMs'> {
  const fromMs = from === null ? null : boundaryAfter(startMs + from, specs);
  const untilMs = until === null ? null : boundaryAfter(startMs + until, specs);
  return { fromMs, untilMs: fromMs !== null && untilMs !== null && untilMs <= fromMs ? null : untilMs };
}

/** The first boundary of all specs at or after a time; null where a short search finds none. */
function boundaryAfter(timeMs: number, specs: readonly string[]): number | null {
  let at = Math.max(0, timeMs);
  for (let step = 0; step < 100; step++) {
    const next = Math.max(...specs.map((spec) => {
      const { openMs, closeMs } = windowOf(spec, at);
      return openMs === at ? at : closeMs;
    }));
    if (next === at) return at;
    at = next;
  }
  return null;
}

interface Start {
  readonly startMs: number;
  readonly logTimes: boolean;
  readonly receivedAfterMs: number;
  readonly hasEnd: boolean;
  readonly wholeMs: boolean;
}

/** Plays steps into records. Keeps a clock, and what each venue showed last, to measure times from. */
class Feed {
  readonly #settings: OracleSettings;
  readonly #start: Start;
  readonly #log: LogRecord[] = [];
  readonly #ticks: LogTick[] = [];
  readonly #newestMs = new Map<string, number>();
  readonly #idsFree: number[] = [];
  #clockMs: number;
  #position = -1;
  #idNext = 1_000;

  constructor(settings: OracleSettings, start: Start) {
    this.#settings = settings;
    this.#start = start;
    this.#clockMs = start.startMs;
  }

  play(steps: readonly Step[]): readonly LogRecord[] {
    for (const step of steps) this.#play(step);
    if (this.#settings.complete && this.#start.hasEnd) this.#log.push({ kind: 'end', position: this.#position + 1 });
    return this.#log;
  }

  #play(step: Step): void {
    switch (step.kind) {
      case 'tick': return this.#playTick(step);
      case 'repeat': return this.#playRepeat(step);
      case 'poison': return this.#playPoison(step);
      case 'gap': return this.#playGap(step);
      case 'leap':
        this.#clockMs += step.byMs;
        return;
      case 'reject':
        this.#log.push({ kind: 'reject', position: ++this.#position, reason: step.reason });
    }
  }

  #playTick(step: Step & { kind: 'tick' }): void {
    this.#clockMs += step.advanceMs;
    const venue = venueName(step.venue);
    const eventTimeMs = step.behindMs === 0 && step.behind !== 'minute' ? this.#clockMs : this.#timeBehind(venue, step);
    const { size, side, offMarket } = step;
    // Where prices may be negative all are: sums that cancel have no last place to be exact in.
    const price = this.#settings.nonPositivePrice === 'accept' ? 0 - step.price : step.price; // 0, not -0.
    const isContinued = step.sameRecord && this.#log.at(-1)?.kind === 'tick';
    this.#push(isContinued ? this.#position : ++this.#position, {
      venue, symbol: symbolName(step.symbol), price, size, side, offMarket, eventTimeMs,
      tradeId: this.#takeId(step.idBack),
    });
    const usable = size >= 0 && size <= 1e100;
    if (usable) this.#newestMs.set(venue, Math.max(this.#newestMs.get(venue) ?? -Infinity, eventTimeMs));
  }

  #timeBehind(venue: string, { behind, behindMs }: Step & { kind: 'tick' }): number {
    const newestMs = this.#newestMs.get(venue) ?? this.#clockMs;
    const { outOfOrdernessMs, allowedLatenessMs } = this.#settings;
    const from = {
      newest: newestMs,
      watermark: newestMs - outOfOrdernessMs,
      horizon: newestMs - outOfOrdernessMs - allowedLatenessMs,
      minute: Math.ceil(this.#clockMs / minute) * minute, // A window's first instant, or just beside it.
    };
    return from[behind] - behindMs;
  }

  /** The same id again, now and then with a time of now: then it was seen only if it is not forgotten. */
  #playRepeat({ back, shiftMs, isFresh }: Step & { kind: 'repeat' }): void {
    const tick = this.#ticks.at(-1 - back);
    if (tick === undefined) return;
    this.#push(++this.#position, { ...tick, eventTimeMs: (isFresh ? this.#clockMs : tick.eventTimeMs) + shiftMs });
  }

  /** A time too far ahead: of its record where the log has times, else of what the venue has shown. */
  #playPoison({ venue, symbol, aheadMs, beyond }: Step & { kind: 'poison' }): void {
    const { maxFutureSkewMs, maxJumpMs } = this.#settings;
    const fromMs = beyond === 'skew'
      ? this.#clockMs + maxFutureSkewMs
      : (this.#newestMs.get(venueName(venue)) ?? this.#clockMs) + maxJumpMs;
    this.#push(++this.#position, {
      venue: venueName(venue), symbol: symbolName(symbol), price: 1, size: 1, side: 'buy', offMarket: false,
      eventTimeMs: fromMs + aheadMs, tradeId: this.#takeId(0),
    });
  }

  #playGap(step: Step & { kind: 'gap' }): void {
    const onStep = (timeMs: number): number => Math.floor(timeMs / step.stepMs) * step.stepMs;
    const fromMs = onStep(this.#clockMs - step.fromBackMs);
    const { specs } = this.#settings;
    const gap: LogGap = {
      kind: 'gap', position: this.#position + 1, reason: step.reason,
      fromMs, untilMs: onStep(fromMs + step.lengthMs) + step.stepMs,
      venue: step.allVenues ? 'all' : venueName(step.venue),
      symbols: step.allSymbols ? 'all' : [symbolName(step.symbol)],
      barSpec: step.spec === null ? null : specs[step.spec % specs.length],
    };
    this.#log.push(gap);
  }

  #push(position: number, tick: Omit<LogTick, 'kind' | 'position' | 'logTimeMs' | 'receivedTimeMs'>): void {
    const { logTimes, startMs, receivedAfterMs, wholeMs } = this.#start;
    const record: LogTick = {
      ...tick, kind: 'tick', position, receivedTimeMs: startMs + receivedAfterMs,
      eventTimeMs: wholeMs ? Math.floor(tick.eventTimeMs) : tick.eventTimeMs,
      logTimeMs: logTimes ? this.#clockMs : null,
    };
    this.#log.push(record);
    this.#ticks.push(record);
  }

  /** Ids rise along the log by two; now and then one of those left free is used instead, behind its place. */
  #takeId(back: number): number | string | null {
    if (this.#settings.ids === 'absent') return null;
    const free = back > 0 ? this.#idsFree.splice(-back, 1)[0] : undefined;
    const id = free ?? this.#idNext;
    if (free === undefined) {
      this.#idsFree.push(id + 1);
      this.#idNext += 2;
    }
    return this.#settings.ids === 'unique' && id % 3 === 0 ? `trade-${id}` : id;
  }
}

function venueName(index: number): string {
  return ['alpha', 'beta', '__proto__'][index];
}

function symbolName(index: number): string {
  return ['BTC-USD', 'constructor', 'SC/EUR'][index];
}
