import { loadConfig, type Config } from '../config.ts';
import { MdpError } from '../errors.ts';
import { systemClock } from '../lifecycle.ts';
import { parseBarSpecs } from '../model/bar-spec.ts';
import { commonBoundaries, nearestBoundaries } from '../model/shared-boundary.ts';
import { instantRule, parseInstant } from '../model/instant.ts';
import type { Database, Limit } from '../postgres.ts';
import { adoptLanes, handOverLane, renameLane } from '../store/lane-admin.ts';
import { listLanes } from '../store/lane-list.ts';
import { requireSchema } from '../store/migrate.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { audited } from './audited.ts';
import { handOverText, lanesText, renameText } from './lane-text.ts';
import { openStore } from './store.ts';

export interface LanesCommand {
  readonly file: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
}

/** Moving the rows of a lane is one statement: at some 50,000 rows a second this is 180 million of them. */
const moveMsMax = 3_600_000;

/** `mdp lanes list`. */
export function showLanes(options: LanesCommand & { readonly json?: true; readonly count?: true }): Promise<void> {
  return withStore(options, async ({ config, database }) => {
    const deadlineMs = options.count === true ? moveMsMax : config.store.statement_timeout_ms;
    const lanes = await listLanes(database, { deadlineMs }, { count: options.count === true });
    const asJson = (): string => `${JSON.stringify(lanes, null, 2)}\n`;
    process.stdout.write(options.json === true ? asJson() : lanesText(lanes, systemClock.nowMs()));
  });
}

/** `mdp lanes rename FROM TO`. Throws an MdpError `lane-unknown` or `lane-refused`. */
export function renameStoredLane(from: string, to: string, options: LanesCommand): Promise<void> {
  return withStore(options, async ({ config, database, limit, log }) => {
    requireName(config, to);
    if (from === to) throw new MdpError('lane-refused', `The lane ${from} has this name already.`);
    const report = await audited(log, { command: 'lanes rename', from, to },
      () => renameLane(database, limit, { from, to }));
    process.stdout.write(renameText({ from, to }, report, config));
  });
}

/** `mdp lanes hand-over FROM TO --at TIME`. Throws an MdpError `lane-unknown` or `lane-refused`. */
export function handOverStoredLane(
  from: string, to: string, options: LanesCommand & { readonly at: string },
): Promise<void> {
  return withStore(options, async ({ config, database, limit, log }) => {
    requireName(config, to);
    if (from === to) throw new MdpError('lane-refused', `The lane ${from} has these rows already.`);
    const atMs = requireBoundary(config, options.at);
    const report = await audited(log, { command: 'lanes hand-over', from, to, at: new Date(atMs).toISOString() },
      () => handOverLane(database, limit, { from, to, atMs, nowMs: systemClock.nowMs() }));
    process.stdout.write(handOverText({ from, to, atMs }, report, config));
  });
}

/** `mdp lanes adopt TOPIC`. Throws an MdpError `lane-unknown`. */
export function adoptTopic(topic: string, options: LanesCommand): Promise<void> {
  return withStore(options, async ({ config, database, limit, log }) => {
    const sources = config.sources.filter((source) => source.type === 'kafka' && source.values.topics.includes(topic));
    if (sources.length === 0) throw new MdpError('lane-unknown', `No source of the configuration reads a topic "${topic}".`);
    for (const { name } of sources) {
      const prefix = `${config.name}/${name}/${topic}`;
      const lanes = await audited(log, { command: 'lanes adopt', prefix }, () => adoptLanes(database, limit, { prefix }));
      process.stdout.write(`${lanes.join(', ')}: in the next generation, behind their checkpoints. Partitions that were ` +
        `added to ${topic} are taken up when the processes that read it start again.\n`);
    }
  });
}

interface StoreAtHand {
  readonly config: Config;
  readonly database: Database;
  readonly limit: Limit;
  readonly log: Logger;
}

/** The embedded database of a running `mdp run` is used as it is. */
async function withStore(options: LanesCommand, work: (at: StoreAtHand) => Promise<void>): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  const log = createLogger({ settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets });
  const store = await openStore(config, log, true);
  try {
    await requireSchema(store.database, { deadlineMs: config.store.statement_timeout_ms });
    await work({ config, database: store.database, limit: { deadlineMs: moveMsMax }, log });
  } finally {
    await store.close();
  }
}

/** `<pipeline>/<source>`, with `/<part>` where a source has several: a name that this pipeline can take up. */
function requireName({ name: pipeline, sources }: Config, lane: string): void {
  const [first, source, ...parts] = lane.split('/');
  if (first === pipeline && source !== undefined && source !== '' && parts.every((part) => part !== '')) return;
  const known = sources.map(({ name }) => `${pipeline}/${name}`);
  const hint = known.length === 0 ? '' : ` The sources of the configuration have ${known.join(', ')}.`;
  throw new MdpError(
    'lane-refused', `"${lane}" is no lane of this pipeline: write ${pipeline}/ and the name of a source.${hint}`);
}

/** The time, ms since 1970; a window of every configured spec begins there. */
function requireBoundary({ bars }: Config, text: string): number {
  const atMs = parseInstant(text);
  if (Number.isNaN(atMs)) throw new MdpError('usage', `--at "${text}" is not a time: write ${instantRule}.`);
  const boundaries = commonBoundaries(atMs, parseBarSpecs(bars.specs));
  if (boundaries.missing.length === 0) return atMs;
  throw new MdpError('lane-refused', `${new Date(atMs).toISOString()} is no boundary of ${boundaries.missing.join(', ')}, ` +
    `and a bar has one owner; ${nearestBoundaries(boundaries)}.`);
}
