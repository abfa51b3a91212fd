import { describe, expect, it } from 'vitest';
import type { AlertRow, AlertRule } from '../../../src/model/alert.ts';
import { expectedAlerts, type AlertOracleBar } from '../../oracle/alerts.ts';
import { seedOfRun, SeededRandom } from '../../support/faults/random.ts';
import { dawn, type TestTick } from '../fold-rig.ts';
import { AlertRig, AlertTable, TestRules, throughBytes, type SavedRig } from './alert-rig.ts';

const specs = ['1s', '5s'];
const options = { specs, indicators: ['sma(3)@1s', 'ema(4)@5s'] };
const trials = 40;
const stepsOfTrial = 90;

/** Where a lane begins a rule is lost with a process, unless it was written down: by itself, or with the first alert of it. */
class LossyRules extends TestRules {
  #written: AlertRule[] = [];

  written({ ruleId, ruleVersion, validFromMs }: AlertRow): void {
    this.#written = [
      ...this.#written.filter(({ id, version }) => id !== ruleId || version !== ruleVersion),
      ...this.all.filter(({ id, version }) => id === ruleId && version === ruleVersion).map((rule) => ({ ...rule, validFromMs })),
    ];
  }

  flush(): void {
    this.#written = this.all;
  }

  crash(): void {
    const written = new Map(this.#written.map((rule) => [`${rule.id} ${rule.version}`, rule]));
    this.all = this.all.map((rule) => written.get(`${rule.id} ${rule.version}`) ?? { ...rule, validFromMs: null });
    this.version++;
  }
}

describe('what rules come to', () => {
  it.each([seedOfRun(), 1, 2])('is a function of the log and the rules, over crashes and clocks, in any cut (seed %d)', async (seed) => {
    const random = new SeededRandom(seed);
    const met = { triggered: 0, withdrawn: 0, crashes: 0, provisional: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const run = new Trial(random);
      await run.play();
      const { expected, stored } = run.outcome();
      expect(stored, `trial ${trial} of seed ${seed}`).toEqual(expected);
      met.triggered += expected.size;
      met.withdrawn += [...run.table.rows.values()].filter(({ state }) => state === 2).length;
      met.crashes += run.crashes;
      met.provisional += run.provisional;
    }
    for (const [what, count] of Object.entries(met)) expect(count, `${what}: nothing of it was met`).toBeGreaterThan(10);
  });
});

/** One log with its lives: a process folds from the last checkpoint on, and dies with some of its rows committed. */
class Trial {
  readonly table = new AlertTable();
  readonly #random: SeededRandom;
  readonly #log: TestTick[];
  readonly #rules = new LossyRules();
  #rig: AlertRig;
  #saved: SavedRig | null = null;
  /** Ticks that the checkpoint has seen. */
  #savedAt = 0;
  #at = 0;
  #storedUntilMs = -Infinity;
  #rulesLeft: number;
  crashes = 0;
  provisional = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#log = randomLog(random);
    this.#rulesLeft = 6;
    while (random.next() < 0.7 && this.#rulesLeft > 0) this.#addRule();
    this.#rules.flush();
    this.#rig = new AlertRig(this.#rules, options);
  }

  async play(): Promise<void> {
    for (let step = 0; step < stepsOfTrial && this.#at < this.#log.length; step++) await this.#step();
    while (this.#at < this.#log.length) this.#fold(20);
    this.#rig.end();
    this.#commit(Infinity);
  }

  outcome(): { readonly expected: Map<string, number>; readonly stored: Map<string, number> } {
    const whole = this.#foldWhole();
    const values = [...whole.finalValues.values()];
    const bars = [...whole.final.values()].map((bar): AlertOracleBar => ({
      ...bar, openTimeMs: dawn + bar.openAt, closeTimeMs: dawn + bar.closeAt,
      values: new Map(values
        .filter((value) => value.symbol === bar.symbol && value.spec === bar.spec && value.openAt === bar.openAt)
        .map((value) => [value.indicator, value.value])),
    }));
    const rules = this.#rules.all.map((rule) => ({ ...rule, spec: rule.barSpec, condition: rule.condition as string }));
    const sorted = (map: ReadonlyMap<string, number>): Map<string, number> => new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { expected: sorted(expectedAlerts(rules, bars)), stored: sorted(this.table.triggered) };
  }

  /** The log in one life, tick by tick. */
  #foldWhole(): AlertRig {
    const whole = new AlertRig(new TestRules(), options);
    for (const tick of this.#log) whole.take([tick]);
    return whole.end();
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const what = random.next();
    if (what < 0.6) this.#fold(random.between(1, 12));
    else if (what < 0.7) this.#commit(random.between(0, this.#rig.left.length));
    else if (what < 0.78) await this.#checkpoint();
    else if (what < 0.84) this.#crash();
    else if (what < 0.9) this.#tellTime();
    else if (what < 0.96) this.#changeRules();
    else this.#rules.flush();
  }

  #fold(count: number): void {
    const ticks = this.#log.slice(this.#at, this.#at + count);
    if (ticks.length > 0) this.#rig.take(ticks);
    this.#at += ticks.length;
  }

  /** Rows are committed in their order. */
  #commit(count: number): void {
    for (const one of this.#rig.left.splice(0, count)) {
      if (one.kind === 'bar') this.#storedUntilMs = Math.max(this.#storedUntilMs, one.closeMs);
      else {
        this.#rules.written(one.row);
        this.table.write(one.row);
      }
    }
  }

  /** Ahead of its marker all rows are committed. */
  async #checkpoint(): Promise<void> {
    this.#commit(Infinity);
    this.#saved = await throughBytes(this.#rig.saveAll());
    this.#savedAt = this.#at;
  }

  #crash(): void {
    this.crashes++;
    this.#commit(this.#random.between(0, this.#rig.left.length));
    this.#rules.crash();
    this.#rig = new AlertRig(this.#rules, { ...options, lane: { storedUntilMs: this.#storedUntilMs } });
    if (this.#saved !== null) this.#rig.resumeAll(this.#saved);
    this.#at = this.#savedAt;
  }

  /** The venue is silent for half a minute; what comes next is in the middle of what the clock has closed. */
  #tellTime(): void {
    const newest = Math.max(0, ...this.#log.slice(0, this.#at).map(({ at }) => at));
    const before = this.#rig.rows.length;
    this.#rig.tellTime(dawn + newest + 30_000);
    this.provisional += this.#rig.rows.slice(before).filter(({ state }) => state === 2).length;
  }

  #changeRules(): void {
    const random = this.#random;
    const newest = [...new Map(this.#rules.all.map((rule) => [rule.id, rule])).values()].filter(({ isDeleted }) => !isDeleted);
    if (newest.length === 0 || random.next() < 0.5) this.#addRule();
    else {
      const rule = random.pick(newest);
      const isDeleted = random.next() < 0.3;
      this.#rules.add({ ...rule, version: rule.version + 1, validFromMs: null, isDeleted, ...termsOf(random, rule.barSpec) });
    }
  }

  #addRule(): void {
    if (this.#rulesLeft === 0) return;
    const barSpec = this.#random.pick(specs);
    const id = `00000000-0000-4000-8000-${String(this.#rulesLeft--).padStart(12, '0')}`;
    const symbol = this.#random.pick(['A', 'B']);
    this.#rules.add({ id, symbol, barSpec, validFromMs: null, ...termsOf(this.#random, barSpec) });
  }
}

function termsOf(random: SeededRandom, barSpec: string): Partial<AlertRule> {
  const expiresMs = random.next() < 0.2 ? dawn + random.between(20_000, 120_000) : null;
  const condition = random.pick(['price_above', 'price_below', 'volume_above', 'crosses_indicator'] as const);
  if (condition === 'crosses_indicator') return { condition, threshold: null, indicator: barSpec === '1s' ? 'sma(3)' : 'ema(4)', expiresMs };
  return { condition, threshold: condition === 'volume_above' ? random.between(1, 8) : random.between(95, 105), indicator: null, expiresMs };
}

/** Prices around 100; one tick in six is late, within what bars take. */
function randomLog(random: SeededRandom): TestTick[] {
  let now = 0;
  return Array.from({ length: 400 }, (_, position) => {
    now += random.next() < 0.03 ? random.between(0, 8_000) : random.between(0, 500);
    const back = random.next() < 0.17 ? random.between(0, 11_000) : 0;
    return {
      at: Math.max(0, now - back), price: random.between(90, 110), size: random.between(1, 3), symbol: random.pick(['A', 'B']), position,
    };
  });
}
