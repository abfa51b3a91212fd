import type { Config } from '../config.ts';
import { boundsOf } from '../operators/lane-bounds.ts';
import type { HandOverReport, RenameReport } from '../store/lane-admin.ts';
import type { StoredLane } from '../store/lane-list.ts';

/** Enough of a hash to tell logs apart by eye. */
const identityLength = 16;

/** A paragraph a lane. */
export function lanesText(lanes: readonly StoredLane[], nowMs: number): string {
  if (lanes.length === 0) return 'There are no lanes: no source has been started with this database yet.\n';
  return `${lanes.map((lane) => laneText(lane, nowMs)).join('\n\n')}\n`;
}

function laneText(lane: StoredLane, nowMs: number): string {
  const { name, source, generation, logIdentity, checkpoint, bars } = lane;
  const identity = logIdentity === '' ? 'not known yet' : logIdentity.slice(0, identityLength);
  const can = [lane.repeatable ? 'can be read again' : 'cannot be read again', ...(lane.complete ? ['complete'] : [])];
  const settled = Object.entries(lane.settledUntilMs).map(([venue, timeMs]) => `${venue} ${isoOf(timeMs)}`);
  return [
    name,
    `  source       ${source}`,
    `  generation   ${generation}, taken up ${isoOf(lane.takenAtMs)}, first ${isoOf(lane.startTimeMs)}`,
    `  log          ${identity}, ${can.join(', ')}`,
    `  settled      ${settled.length === 0 ? 'nothing yet' : `until ${settled.join(', ')}`}`,
    `  checkpoint   ${checkpoint === null ? 'none' : checkpointText(checkpoint, lane, nowMs)}`,
    ...(bars === null ? [] : [`  bars         ${bars}`]),
  ].join('\n');
}

function checkpointText(
  { position, generation, bytes, takenAtMs }: NonNullable<StoredLane['checkpoint']>, lane: StoredLane, nowMs: number,
): string {
  const older = generation === lane.generation ? '' : `, of generation ${generation}`;
  return `position ${position}, ${Math.max(0, Math.round((nowMs - takenAtMs) / 1_000))} s old, ${bytes} bytes${older}`;
}

interface Move {
  readonly from: string;
  readonly to: string;
}

export function renameText({ from, to }: Move, { rows }: RenameReport, config: Config): string {
  const counts = Object.entries(rows).filter(([, count]) => count > 0).map(([table, count]) => `${count} in ${table}`);
  return [
    `${from} is called ${to} now; rows: ${counts.join(', ') || 'none'}.`,
    `A process that still runs the lane as ${from} can write nothing any more (lane-lost).`,
    ...configured(config, to) ? []
      : [`The configuration has no source for ${to}: rename it before you start again, or ${from} begins anew.`],
    '',
  ].join('\n');
}

export function handOverText(
  { from, to, atMs }: Move & { readonly atMs: number }, report: HandOverReport, config: Config,
): string {
  const { bars, indicators, lateTicks, gaps, generations, isNew } = report;
  const at = isoOf(atMs);
  return [
    `${to} owns what opens at ${at} or later: ${bars} bars, ${indicators} values of indicators, ${lateTicks} late ticks ` +
      `and ${gaps} gaps of ${from} are its own now.`,
    `${to} has generation ${generations.to}${isNew ? ' and was made by this: its source has never been started' : ''}; ` +
      `${from} has ${generations.from}. A process that runs one of them can write nothing any more (lane-lost): start it ` +
      'again.',
    ...settingAdvice(config, { lane: from, key: 'until', atMs }), ...settingAdvice(config, { lane: to, key: 'from', atMs }),
    ...isNew ? []
      : [`If ${to} has read beyond ${at} already, it tells those bars once more with \`mdp run --rebuild ${to}\`.`],
    '',
  ].join('\n');
}

/** What the configuration must say, where it does not. */
function settingAdvice(
  config: Config, { lane, key, atMs }: { lane: string; key: 'from' | 'until'; atMs: number },
): string[] {
  const source = configured(config, lane);
  const bounds = source === undefined ? null : boundsOf(source.values);
  if (bounds !== null && bounds[`${key}Ms`] === atMs) return [];
  const missing = `the source of ${lane}, which this configuration does not have`;
  const of = source === undefined ? missing : `source ${source.name}`;
  return [`Before the next start set \`${key}: ${isoOf(atMs)}\` on ${of}: without it both lanes write the same bars, and ` +
    'one of them is refused.'];
}

function configured({ name, sources }: Config, lane: string): Config['sources'][number] | undefined {
  return sources.find((source) => lane === `${name}/${source.name}` || lane.startsWith(`${name}/${source.name}/`));
}

function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
