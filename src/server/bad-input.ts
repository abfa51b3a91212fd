import type { LaneStatus, PipelineStatus } from '../model/status.ts';
import type { HealthRow } from './health.ts';
import { count, duration, share } from './words.ts';

/** The part of `dead_letters` in the configuration that is about health. */
export interface BadInputSettings {
  /** Of a lane's records, 0 to 1: more of them rejected degrade it. */
  readonly degraded_share: number;
  readonly window_ms: number;
}

/**
 * How much of what came in cannot be used: a row of health for each lane, and one for the rows that the database refused.
 * `before` is the status of some `window_ms` ago, or null while the pipeline has not run for as long. Pure.
 */
export function judgeBadInput(
  now: PipelineStatus, before: PipelineStatus | null, settings: BadInputSettings,
): readonly HealthRow[] {
  const laneBefore = (name: string): LaneStatus | undefined => before?.lanes.find((lane) => lane.name === name);
  return [
    ...now.lanes.map((lane) => judgeRecords(lane, laneBefore(lane.name), settings)),
    judgeRefused(now, before, settings),
  ];
}

function judgeRecords(lane: LaneStatus, before: LaneStatus | undefined, settings: BadInputSettings): HealthRow {
  const row = { part: 'dead-letters', name: lane.name } as const;
  const recent = newOf(lane.ticks.rejected, before?.ticks.rejected ?? {});
  const rejected = sum(recent);
  // A tick that was held may be rejected long after it was received.
  const received = Math.max(rejected, lane.ticks.received - (before?.ticks.received ?? 0));
  const window = duration(settings.window_ms);
  if (rejected === 0 || rejected / received <= settings.degraded_share) {
    const total = count(sum(lane.ticks.rejected), 'record');
    return { ...row, status: 'healthy', message: `${total} rejected since the start, ${rejected} in the last ${window}.` };
  }
  return {
    ...row, status: 'degraded',
    message: `${share(rejected / received)} of the records of the last ${window} were rejected, mostly as ` +
      `${most(recent)}. Run \`mdp dead-letters list --lane ${lane.name}\`, and compare the source's settings with what ` +
      'it sends.',
  };
}

/** The database refuses no row of a healthy pipeline: one is enough. */
function judgeRefused(now: PipelineStatus, before: PipelineStatus | null, { window_ms }: BadInputSettings): HealthRow {
  const row = { part: 'dead-letters', name: 'rows' } as const;
  const total = count(now.rows.setAside, 'row');
  const recent = now.rows.setAside - (before?.rows.setAside ?? 0);
  if (recent <= 0) return { ...row, status: 'healthy', message: `${total} refused by the database since the start.` };
  return {
    ...row, status: 'degraded',
    message: `${count(recent, 'row')} refused by the database in the last ${duration(window_ms)}, and kept. Run ` +
      '`mdp dead-letters list --origin row`; when the cause is mended, `mdp dead-letters replay --origin row --yes`.',
  };
}

type Counts = Readonly<Record<string, number>>;

function newOf(now: Counts, before: Counts): Counts {
  const grown = Object.entries(now).map(([reason, value]) => [reason, Math.max(0, value - (before[reason] ?? 0))]);
  return Object.fromEntries(grown) as Counts;
}

function most(counts: Counts): string {
  return Object.entries(counts).reduce((top, entry) => (entry[1] > top[1] ? entry : top), ['', 0])[0];
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, value) => total + value, 0);
}
