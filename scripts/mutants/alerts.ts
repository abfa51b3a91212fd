import type { Mutant } from './list.ts';

const example = 'tests/operators/alerts/lane-alerts.test.ts';
const condition = { file: 'src/operators/alerts/condition.ts', test: example };
const series = { file: 'src/operators/alerts/alert-series.ts', test: example };
const lane = { file: 'src/operators/alerts/lane-alerts.ts', test: example };
const purity = {
  test: 'tests/operators/alerts/alert-purity.test.ts',
  shows: 'is a function of the log and the rules, over crashes and clocks, in any cut (seed 1)',
};
const rows = { file: 'src/sinks/timescale/sql/alerts.ts', test: 'tests/sinks/timescale-alerts.test.ts' };

/** Planted in rules on bars, and in who is told what they come to. */
export const alertMutants: readonly Mutant[] = [
  {
    ...condition, name: 'a price that is told on every bar', find: 'isMet: startedAt <= threshold && bar.high > threshold',
    replace: 'isMet: bar.high > threshold', shows: 'fires when a price crosses its threshold, once, and again when it has come back',
  },
  {
    ...condition, name: 'a line that is crossed upwards only',
    find: ' || (before.close >= lineBefore && bar.close < line)', replace: '',
    shows: 'sees the close cross the line of an indicator, in both directions',
  },
  {
    ...series, name: 'a bar that is judged without the one behind it',
    find: 'for (let at = this.#changedFrom; at < this.bars.length; at++) {',
    replace: 'for (let at = this.#changedFrom; at <= this.#changedFrom && at < this.bars.length; at++) {',
    shows: 'withdraws what it undoes, with a greater stamp',
  },
  {
    ...series, name: 'what a dead process may have said, spoken against nowhere',
    find: 'if (!kept && !mayBeStored) return null;', replace: 'if (!kept) return null;',
    shows: 'is spoken against, where it may have been written by one who has died',
  },
  {
    ...series, name: 'a revision that speaks only against what this process said',
    find: 'const kept = isMet || told !== undefined || bar.isAgain || bar.revision > 0 || position > bar.position;',
    replace: 'const kept = isMet || told !== undefined;',
    shows: 'is spoken against where a batch holds a bar and its revision: another process may have seen one before the other',
  },
  {
    ...series, name: 'an alert with the stamp of its own bar alone',
    find: 'return Math.max(bar.position, before?.position ?? 0, line(bar), line(before));', replace: 'return bar.position + 0 * line(before);',
    shows: 'withdraws what it undoes, with a greater stamp',
  },
  {
    ...lane, name: 'a new rule that holds for the past', find: 'const validFromMs = newest.version > 1',
    replace: 'const validFromMs = newest.version > 0 ? 0 : newest.version > 1',
    shows: 'is not judged on a bar before it by a late tick',
  },
  {
    ...lane, ...purity, name: 'an edited rule that begins where its lane is folded again',
    find: 'newest.version > 1 ? Math.max(emittedMs, lane.storedUntilMs) : emittedMs', replace: 'emittedMs + 0 * lane.storedUntilMs',
  },
  {
    ...rows, name: 'an alert that an older stamp takes back', find: 'THEN (excluded.position, excluded.bar_state) >',
    replace: 'THEN (excluded.position, excluded.bar_state) <>',
    shows: 'are replaced where the greater stamp says so, for every pair of versions, and withdrawn where they are not met',
  },
  {
    ...rows, name: 'what was never met, withdrawn', find: 'WHEN alerts.state = 0 THEN 0 ELSE 2 END', replace: 'ELSE 2 END',
    shows: 'that are not met speak only against what was said, unless they are to be kept',
  },
  {
    file: 'src/alerts/public-address.ts', test: 'tests/alerts/public-address.test.ts', name: 'a name that is believed when it is resolved',
    find: 'if (refused !== undefined) return', replace: "if (refused?.address === 'none') return",
    shows: 'that stands for this machine is refused, however the socket asks',
  },
  {
    file: 'src/alerts/webhook.ts', test: 'tests/alerts/webhook.test.ts', name: 'a signature without the time',
    find: '.update(`${timestamp}.${body}`)', replace: '.update(body)', shows: 'is told of an alert, signed with the time',
  },
  {
    file: 'src/store/alert-deliveries.ts', test: 'tests/alerts/deliveries.test.ts', name: 'alerts that two processes deliver',
    find: "deliver_after = now() + $2 * interval '1 millisecond'", replace: "deliver_after = now() + 0 * $2 * interval '1 millisecond'",
    shows: 'go out once, whatever the number of processes',
  },
];
