import { describe, expect, it } from 'vitest';
import type { LaneStatus, PipelineStatus } from '../../src/model/status.ts';
import { judgeBadInput } from '../../src/server/bad-input.ts';
import type { HealthRow } from '../../src/server/health.ts';
import { judge, withRows } from '../../src/server/health.ts';
import { laneStatusOf, noTicks, statusOf } from '../support/pipeline-status.ts';

const settings = { degraded_share: 0.05, window_ms: 60_000 };

const lane = (name: string, received: number, rejected: Readonly<Record<string, number>>): LaneStatus =>
  laneStatusOf({ name, ticks: { ...noTicks, received, rejected } });
const status = (...lanes: readonly LaneStatus[]): PipelineStatus => statusOf({ lanes });
const setAside = (rows: number): PipelineStatus => statusOf({ rows: { ...statusOf().rows, setAside: rows } });
const rowOf = (rows: readonly HealthRow[], name: string): HealthRow => rows.find((row) => row.name === name)!;

describe('bad input', () => {
  it('does not degrade health while its share is within the bound', () => {
    const row = rowOf(judgeBadInput(status(lane('a', 100, { 'bad-size': 5 })), null, settings), 'a');
    expect(row).toMatchObject({ part: 'dead-letters', status: 'healthy', message: '5 records rejected since the start, 5 in the last 60 s.' });
  });

  it('degrades health beyond it, with the command that shows it', () => {
    const rows = judgeBadInput(status(lane('p/a', 100, { 'bad-size': 1, 'bad-time': 5 }), lane('p/b', 100, {})), null, settings);
    expect(rowOf(rows, 'p/a').status).toBe('degraded');
    expect(rowOf(rows, 'p/a').message).toMatch(/6\.0 % .*mostly as bad-time.*`mdp dead-letters list --lane p\/a`/);
    expect(rowOf(rows, 'p/b').status).toBe('healthy');
    expect(withRows(judge(status(), null), rows).status).toBe('degraded');
  });

  it('is judged by what came within the window, reason by reason', () => {
    const before = status(lane('a', 1_000, { 'bad-time': 900 }));
    const [quiet] = judgeBadInput(status(lane('a', 2_000, { 'bad-time': 900, 'bad-size': 50 })), before, settings);
    expect(quiet).toMatchObject({ status: 'healthy', message: '950 records rejected since the start, 50 in the last 60 s.' });
    const [bad] = judgeBadInput(status(lane('a', 2_000, { 'bad-time': 900, 'bad-size': 51 })), before, settings);
    expect(bad.message).toMatch(/^5\.1 % of the records of the last 60 s were rejected, mostly as bad-size\./);
  });

  it('has the share and the window that are set', () => {
    const now = status(lane('a', 100, { 'bad-time': 50 }));
    const judgedBy = (degraded_share: number): HealthRow => judgeBadInput(now, null, { degraded_share, window_ms: 600_000 })[0];
    expect(judgedBy(0.5).status).toBe('healthy');
    expect(judgedBy(0.49).message).toContain('50 % of the records of the last 10 min');
  });

  it('is nothing where nothing came, and all where held ticks are rejected later', () => {
    expect(judgeBadInput(status(lane('a', 0, {})), null, settings)[0].status).toBe('healthy');
    const [held] = judgeBadInput(status(lane('a', 10, { 'time-jump': 2 })), status(lane('a', 10, {})), settings);
    expect(held.message).toMatch(/^100 % /);
  });
});

describe('rows that the database refused', () => {
  it('degrade health within the window, with what to run', () => {
    const rows = judgeBadInput(setAside(3), setAside(1), settings);
    expect(rowOf(rows, 'rows').status).toBe('degraded');
    expect(rowOf(rows, 'rows').message).toMatch(/^2 rows refused .*60 s.*mdp dead-letters list --origin row/);
  });

  it('are only counted after it', () => {
    const rows = judgeBadInput(setAside(3), setAside(3), settings);
    expect(rowOf(rows, 'rows')).toMatchObject({ status: 'healthy', message: '3 rows refused by the database since the start.' });
  });
});
