import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertRules, read, root } from '../../packaging/files.ts';
import { rulesInSeconds } from '../../support/quick-rules.ts';

/** Shown by `promtool test rules` alone (monitoring/alerts.test.yml), because no process can be brought to it. */
const byPromtoolOnly: Readonly<Record<string, string>> = {
  MdpLedgerImbalance: 'it is a fault of the program, and none is known that leads to it: tests/telemetry/metrics.test.ts shows the figure',
  MdpTicksDropped: 'only a live connection that cannot be paused loses ticks, and no type of source is one; what a forced end ' +
    'gives up nobody scrapes any more: tests/lane-runtime.test.ts has live lanes that lose',
};

const provoked = new Map(globSync('tests/operations/alerts/*.test.ts', { cwd: root }).flatMap((file) => (
  [...read(file).matchAll(/'(Mdp[A-Z]\w+)'/g)].map(([, alert]) => [alert, path.basename(file)] as const))));
const alerts = alertRules().map(({ alert }) => alert);

describe('the alerts', () => {
  it.each(alerts)('%s is provoked by a real process, or it is said why not', (alert) => {
    expect([provoked.has(alert), alert in byPromtoolOnly]).toContain(true);
    expect([provoked.has(alert), alert in byPromtoolOnly]).toContain(false);
  });

  it('that are not provoked are few, and there are no others', () => {
    expect(Object.keys(byPromtoolOnly).filter((alert) => !alerts.includes(alert))).toEqual([]);
    expect(provoked.size).toBeGreaterThanOrEqual(31);
  });
});

describe('rules in the time of a test', () => {
  it('have sixtieths of all durations but one, and every other figure as it was', () => {
    const quick = rulesInSeconds(read('monitoring/alerts.yml'));
    const durations = /(?<=for: |\[)\d+(?:ms|[smh])/g;
    const figures = (text: string): string => text.replaceAll(durations, '').replaceAll(/> (?:300|120|90|5|2|1\.5)$/gm, '>');
    expect(figures(quick)).toBe(figures(read('monitoring/alerts.yml')));
    expect(quick.match(durations)!.every((duration) => duration.endsWith('ms'))).toBe(true);
    expect(quick).toContain('mdp_kafka_silent_seconds > 1.5\n');
    expect(quick).toContain('increase(mdp_source_disconnects_total[120000ms])');
  });

  it('are refused where a rule is written otherwise than they know', () => {
    expect(() => rulesInSeconds('expr: up == 0')).toThrow('No rule says "mdp_source_disconnects_total[10m]" any more.');
    const other = read('monitoring/alerts.yml').replace('process_start_time_seconds > 300', 'process_start_time_seconds > 301');
    expect(() => rulesInSeconds(other)).toThrow('No rule says "time() - process_start_time_seconds > 300" any more.');
  });
});
