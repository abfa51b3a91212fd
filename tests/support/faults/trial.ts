import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Database } from '../../../src/postgres.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { barsOf, fileFeed, indicatorsOf, syntheticFeed, type Feed } from '../feeds.ts';
import type { TestPostgres } from '../postgres.ts';
import { faultSettings, faultTicks } from './fault-log.ts';
import { Journal } from './journal.ts';
import { Lookout } from './lookout.ts';

const limit = { deadlineMs: 60_000 };

/** A database with a journal, for any number of trials: each has lanes and venues of its own. */
export interface TrialGround {
  readonly postgres: TestPostgres;
  readonly name: string;
  readonly database: Database;
  readonly journal: Journal;
}

/** Server options that the journal needs. */
export const journalOptions = ['fsync=off', 'track_commit_timestamp=on'];

export async function prepareGround(postgres: TestPostgres): Promise<TrialGround> {
  const name = await postgres.createDatabase(false);
  const database = postgres.connect({ database: name });
  await migrate(database, limit);
  return { postgres, name, database, journal: await Journal.install(database) };
}

const given = new WeakMap<TrialGround, Map<string, number>>();

/** The name, with a number behind it where it was asked for before: a test that is tried again begins on untouched ground. */
export function freshName(ground: TrialGround, name: string): string {
  const counts = given.get(ground) ?? new Map<string, number>();
  given.set(ground, counts);
  const times = (counts.get(name) ?? 0) + 1;
  counts.set(name, times);
  return times === 1 ? name : `${name}-${times}`;
}

export interface TrialWish {
  readonly seed: number;
  /** In each of the two logs. */
  readonly records: number;
  /** Ticks a second that each source may read: how long the log lasts. */
  readonly perSecond: number;
  /** In place of the two logs. */
  readonly feeds?: readonly Feed[];
  /** Gets a number on ground where there is such a one. */
  readonly name?: string;
  /** Sections of the configuration over those of every trial. */
  readonly sections?: Readonly<Record<string, object>>;
}

/** Short enough waits for many faults to fit into a test. */
const usualSections: Readonly<Record<string, object>> = {
  checkpoint: { interval_ms: 100 },
  pipeline: { batch_size: 100, flush_ms: 20 },
  sink: {
    workers: 2, deadline_ms: 1_000, retry: { base_ms: 10, max_ms: 200 },
    circuit_breaker: { reset_ms: 100, drain_reset_ms: 50 },
  },
  store: { connect_timeout_ms: 1_000, statement_timeout_ms: 1_000 },
  shutdown: { timeout_ms: 20_000 },
};

/**
 * Two logs with everything in them that a feed can do wrong, read by one pipeline or several, and what they left behind:
 * `expectInvariants` looks at it. A log of trades in a file, and the generator's, with gaps of its own.
 */
export class Trial {
  readonly ground: TrialGround;
  readonly name: string;
  readonly feeds: readonly Feed[];
  readonly lookout = new Lookout();
  /** Records that were read more than once, as far as anybody has seen. */
  recordsReadAgain = 0;
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'mdp-trial-'));
  readonly #sections: Readonly<Record<string, object>>;
  readonly #records: number;

  constructor(ground: TrialGround, { seed, records, perSecond, feeds, name = 'trial', sections = {} }: TrialWish) {
    this.ground = ground;
    this.name = name = freshName(ground, name);
    this.#records = records;
    const tenMs = Math.max(1, Math.round(perSecond / 100));
    const pace = { max_msgs_per_sec: perSecond, burst: tenMs, batch_ticks: tenMs };
    const shape = { directory: this.#directory, settings: faultSettings };
    this.feeds = feeds ?? [
      fileFeed({ ...shape, name: 'history', ticks: faultTicks({ seed, records, venue: `${name}-file` }), keys: pace }),
      syntheticFeed({ ...shape, name: 'made', keys: { ...pace, ...disorder, seed, count: records, venue: `${name}-made` } }),
    ];
    this.#sections = { ...usualSections, bars: feeds === undefined ? barsOf(faultSettings) : endlessBars, indicators: indicatorsOf(faultSettings), ...sections };
  }

  get database(): Database {
    return this.ground.database;
  }

  /** Configurations of its pipelines and files of its logs. */
  get directory(): string {
    return this.#directory;
  }

  laneOf(feed: Feed): string {
    return [this.name, feed.entry.name, ...(feed.part === undefined ? [] : [feed.part])].join('/');
  }

  /** The configuration, as text. `sections` are laid over those of the trial, `keys` over those of each source. */
  config(sections: Readonly<Record<string, object>> = {}, keys: object = {}): string {
    return JSON.stringify({
      name: this.name, ...this.#sections, ...sections,
      sources: [...new Set(this.feeds.map(({ entry }) => entry))].map((entry) => ({ ...entry, ...keys })),
    });
  }

  /** Call it before a run begins: what a run before it had read beyond the stored checkpoint will be read again. */
  async beginRun(): Promise<void> {
    const { rows } = await this.database.query<{ lane: string; position: number }>(
      limit, 'SELECT lane, position FROM lane_checkpoints WHERE lane LIKE $1', [`${this.name}/%`]);
    const stored = new Map(rows.map((row) => [row.lane, row.position]));
    const newest = await this.database.query<{ lane: string; position: number }>(
      limit, 'SELECT lane, max(position) AS position FROM bars WHERE lane LIKE $1 GROUP BY lane', [`${this.name}/%`]);
    const newestOf = new Map(newest.rows.map((row) => [row.lane, row.position + 1]));
    for (const lane of this.feeds.map((feed) => this.laneOf(feed))) {
      const furthest = Math.max(newestOf.get(lane) ?? 0, this.lookout.furthest.get(lane) ?? 0);
      this.recordsReadAgain += Math.max(0, Math.min(this.#records, furthest) - (stored.get(lane) ?? 0));
    }
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Of logs that may go on for ever: the clock closes no bar, however long a venue rests, so that all rows come from the log. */
export const endlessBars = { ...barsOf(faultSettings), idle_ms: 3_600_000 };

/** What the generator's log has wrong with it; outages are gaps. */
const disorder = {
  symbols: 3, venues: 2, ticks_per_second: 20, disorder_share: 0.1, disorder_ms: 400, late_share: 0.04, late_ms: 2_500,
  duplicate_share: 0.04, poison_share: 0.004, outage_every_s: 15, outage_s: 4,
};
