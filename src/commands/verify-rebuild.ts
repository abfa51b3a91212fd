import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { loadConfig, type Config, type LoadedConfig } from '../config.ts';
import { exitCode, MdpError, messageOf } from '../errors.ts';
import { Shutdown, systemClock } from '../lifecycle.ts';
import { parseBarSpecs } from '../model/bar-spec.ts';
import { Database, type Limit } from '../postgres.ts';
import { requireAges } from '../store/ages.ts';
import { linesOf, parseIndicators } from '../operators/indicators/parse.ts';
import { readRules } from '../store/alert-rules.ts';
import { RowComparison, type ComparedLane } from '../store/compare-rows.ts';
import { comparedTables } from '../store/compared-tables.ts';
import { migrate, requireSchema } from '../store/migrate.ts';
import { sideTableNames } from '../store/side-tables.ts';
import { dropLeftovers, ScratchSchema, type ScratchOwner } from '../store/scratch-schema.ts';
import { copyLane, partsOf, readTelling, type Telling } from '../store/read-telling.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { RebuildTally, rebuildText, type RebuildReport } from '../verify/rebuild-report.ts';
import { foldAgain } from './fold-again.ts';
import { latenessOf } from './housekeeping.ts';
import { Signals } from './signals.ts';
import { openStore, type OpenStore } from './store.ts';

export interface VerifyRebuildCommand {
  readonly file: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly json?: true;
}

/** An owner that has not renewed its lease for so long is dead, or as good as dead. */
const leaseMs = 120_000;
const renewEveryMs = 20_000;

/**
 * `mdp verify --rebuild [SOURCE…]`: folds logs again in a schema of their own and compares the live tables with it.
 * Sets exit code 6 when a row differs. After SIGTERM or SIGINT it leaves nothing behind, and dies of the signal. Throws an
 * MdpError.
 */
export async function verifyRebuild(names: readonly string[], options: VerifyRebuildCommand): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  const log = createLogger({ settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets });
  const signals = new Signals();
  try {
    const reports = await withStore(config, log, (store) => new Rebuild({ loaded, log, store, signals }).run(names));
    const asJson = (): string => `${JSON.stringify(reports, null, 2)}\n`;
    process.stdout.write(options.json === true ? asJson() : reports.map(rebuildText).join('\n'));
    if (reports.some((report) => report.isDifferent)) process.exitCode = exitCode.differs;
  } catch (error) {
    if (signals.caught === null) throw error;
  } finally {
    signals.dieOfIt();
  }
}

async function withStore<T>(config: Config, log: Logger, work: (store: OpenStore) => Promise<T>): Promise<T> {
  const store = await openStore(config, log, true);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

interface RebuildParts {
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  readonly store: OpenStore;
  readonly signals: Signals;
}

type Source = Config['sources'][number];

interface ToldSource {
  readonly source: Source;
  /** Which of the logs of its source; null where that has one. */
  readonly part: string | null;
  readonly telling: Telling;
  readonly checkpoint: NonNullable<Telling['checkpoint']>;
}

class Rebuild {
  readonly #parts: RebuildParts;
  readonly #config: Config;
  readonly #database: Database;
  readonly #limit: Limit;

  constructor(parts: RebuildParts) {
    this.#parts = parts;
    this.#config = parts.loaded.config;
    this.#database = parts.store.database;
    this.#limit = { deadlineMs: this.#config.store.statement_timeout_ms, abort: parts.signals.stopped };
  }

  async run(names: readonly string[]): Promise<RebuildReport[]> {
    const sources = chosen(this.#config, names);
    await requireSchema(this.#database, this.#limit);
    const dropped = await dropLeftovers({ database: this.#database, limit: this.#limit }, leaseMs, isGone);
    for (const schema of dropped) this.#parts.log.info({ schema }, 'The schema of a dead verify was dropped.');
    const told: ToldSource[] = [];
    for (const source of sources) told.push(...await this.#tellingsOf(source, names.length > 0));
    if (told.length === 0) {
      throw new MdpError('rebuild-refused', 'No source of the configuration has a log that can be read again and was read ' +
        'before: there is nothing to compare.');
    }
    const reports: RebuildReport[] = [];
    for (const one of told) reports.push(await this.#compare(one));
    return reports;
  }

  /** None where a lane cannot be compared and its source was not asked for by name. */
  async #tellingsOf(source: Source, isNamed: boolean): Promise<ToldSource[]> {
    const lane = `${this.#config.name}/${source.name}`;
    const parts = source.type === 'kafka' ? await partsOf(this.#database, this.#limit, lane) : [];
    const told: ToldSource[] = [];
    for (const part of parts.length > 0 ? parts : [null]) {
      try {
        told.push(await this.#tellingOf(source, part));
      } catch (error) {
        if (isNamed || !(error instanceof MdpError) || !skipped.has(error.code)) throw error;
        this.#parts.log.info({ source: source.name, why: error.message }, 'A lane is left out.');
      }
    }
    return told;
  }

  async #tellingOf(source: Source, part: string | null): Promise<ToldSource> {
    const lane = [this.#config.name, source.name, ...(part === null ? [] : [part])].join('/');
    const telling = await readTelling(this.#database, this.#limit, lane);
    if (telling === null) {
      throw new MdpError('lane-unknown', `The database has no lane ${lane}; \`mdp lanes list\` shows those that there are.`);
    }
    if (!telling.repeatable) {
      throw new MdpError('rebuild-refused', `The log of lane ${lane} cannot be read again: there is nothing to compare ` +
        'its rows with.');
    }
    const { checkpoint } = telling;
    if (checkpoint !== null) return { source, part, telling, checkpoint };
    throw new MdpError('rebuild-refused', `Lane ${lane} has no checkpoint yet that says up to where its rows are stored: ` +
      'try again once `mdp run` has written one (checkpoint.interval_ms).');
  }

  async #compare(one: ToldSource): Promise<RebuildReport> {
    const { store, signals, log, loaded } = this.#parts;
    const { source, part, telling, checkpoint } = one;
    const at = { database: this.#database, limit: { deadlineMs: this.#limit.deadlineMs } }; // Dropped after a signal too.
    const scratch = await ScratchSchema.create(at, randomBytes(6).toString('hex'), { host: hostname(), pid: process.pid });
    const done = new AbortController();
    void this.#renew(scratch, done.signal);
    try {
      const url = scratch.urlIn(store.url);
      await this.#prepare(scratch, { url, telling });
      const shutdown = new Shutdown({ timeout_ms: Number.MAX_SAFE_INTEGER }, systemClock);
      signals.stopped.addEventListener('abort', () => shutdown.forceNow('a signal'), { once: true });
      if (signals.stopped.aborted) shutdown.forceNow('a signal');
      // After the checkpoint was read: what begins to hold from now on holds for bars behind it.
      const rules = (await readRules(this.#database, this.#limit)).filter(({ validFromMs }) => validFromMs !== null);
      await foldAgain({ loaded, source, part, telling, checkpoint, url, rules, log, clock: systemClock, shutdown })
        .finally(() => shutdown.finish());
      await scratch.analyze(comparedTables.map(({ name }) => name));
      return await this.#compareTables(scratch.name, one);
    } finally {
      done.abort();
      await scratch.drop();
    }
  }

  /** The tables of this version, empty, and the lane. */
  async #prepare(scratch: ScratchSchema, { url, telling }: { url: string; telling: Telling }): Promise<void> {
    const { connect_timeout_ms: connectTimeoutMs, statement_timeout_ms: statementTimeoutMs } = this.#config.store;
    const inside = new Database({
      url, applicationName: 'mdp verify', clientsMax: 1, connectTimeoutMs, statementTimeoutMs,
      idleInTransactionTimeoutMs: statementTimeoutMs,
    });
    try {
      await migrate(inside, this.#limit);
    } finally {
      await inside.close();
    }
    await scratch.makeUnlogged(comparedTables.map(({ name }) => name));
    await copyLane(this.#database, this.#limit, { schema: scratch.name, of: telling });
  }

  async #compareTables(schema: string, { telling, checkpoint }: ToldSource): Promise<RebuildReport> {
    const tally = new RebuildTally({ ...telling, ...checkpoint });
    for (const table of comparedTables) {
      const comparison = new RowComparison(this.#database, { table, schema, of: this.#compared(telling, checkpoint) });
      await comparison.run(this.#limit, (counts, found) => tally.add(table.name, counts, found), () => tally.room);
    }
    const now = await readTelling(this.#database, this.#limit, telling.lane);
    if (now?.toldSince === telling.toldSince && now.logIdentity === telling.logIdentity) return tally.report();
    throw new MdpError('verify-overtaken', `Lane ${telling.lane} was told anew while its rows were compared (--rebuild, ` +
      '--from-now, or another name): what was found says nothing. Run it again.');
  }

  #compared(telling: Telling, { position, isEnded }: ToldSource['checkpoint']): ComparedLane {
    const ages = requireAges(this.#config.store, latenessOf(this.#config));
    const nowMs = systemClock.nowMs();
    const specs = parseBarSpecs(this.#config.bars.specs);
    const indicators = parseIndicators(this.#config.indicators.specs, specs);
    const expired = (spec: string): number =>
      nowMs - Math.min(ages.keepMs.get(spec) ?? Infinity, ages.keepAllMs ?? Infinity);
    return {
      lane: telling.lane, generations: [telling.toldSince, telling.generation],
      position: isEnded ? position + 1 : position, // The end of a log stands behind its last record.
      expiredUntilMs: new Map([
        ...specs.map(({ name }) => [name, expired(name)] as const),
        ...linesOf(indicators).map(({ indicator, barSpec }) => [`${indicator}@${barSpec}`, expired(barSpec)] as const),
        ...sideTableNames.map((table) => [table, nowMs - (ages.keepSideMs.get(table) ?? Infinity)] as const),
      ]),
    };
  }

  async #renew(scratch: ScratchSchema, done: AbortSignal): Promise<void> {
    while (!done.aborted) {
      await systemClock.wait(renewEveryMs, done);
      if (done.aborted) return;
      await scratch.renew().catch((error: unknown) => {
        this.#parts.log.warn({ problem: messageOf(error) }, 'The lease of the scratch schema could not be renewed.');
      });
    }
  }
}

/** Without names these sources are left out; a source that was named must be there. */
const skipped: ReadonlySet<string> = new Set(['lane-unknown', 'rebuild-refused']);

/** By the names of sources or of their lanes; all where none is named. */
function chosen({ name, sources }: Config, names: readonly string[]): readonly Source[] {
  const known = sources.map((source) => source.name).join(', ');
  const byName = names.map((wanted) => {
    const found = sources.find((source) => [source.name, `${name}/${source.name}`].includes(wanted));
    if (found !== undefined) return found;
    throw new MdpError('usage', `There is no source "${wanted}" in the configuration; it has ${known}.`);
  });
  return names.length === 0 ? sources : [...new Set(byName)];
}

/** Whether a process of this machine is dead; of another machine only the lease can tell. */
function isGone({ host, pid }: ScratchOwner): boolean {
  if (host !== hostname()) return false;
  if (pid === process.pid) return true; // Ours is not made yet: it was a process before us, in a container like this one.
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
