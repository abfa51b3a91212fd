import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import type { TestKafka } from '../kafka.ts';
import { KafkaFeed, kafkaFeeds, type KafkaFeedWish } from '../kafka-feed.ts';
import { DaemonRun, type DaemonWish } from './daemon-run.ts';
import { faultSettings } from './fault-log.ts';
import { groupLog } from './group-log.ts';
import { expectInvariants, type Expected } from './invariants.ts';
import { freshName, Trial, type TrialGround } from './trial.ts';

export interface GroupWish {
  readonly ground: TrialGround;
  readonly kafka: TestKafka;
  readonly seed: number;
  /** Of the topic and of the group; gets a number on ground where there is such a one. */
  readonly name: string;
  /** 8 unless given. */
  readonly partitions?: number;
  /** In each partition. */
  readonly records: number;
  /** Ticks a second that each member reads at most: how long the log lasts. */
  readonly perSecond: number;
  /** Addresses that the members are given; those that need no proxy unless told otherwise. */
  readonly brokers?: readonly string[];
  /** Keys of the source. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** Of the configuration of every member. */
  readonly sections?: Readonly<Record<string, object>>;
}

const limit = { deadlineMs: 10_000 };
/** The shortest that real processes on a busy machine keep: they beat three times in it. */
export const sessionTimeoutMs = 2_000;
/** A backoff grows to some seconds while brokers are away, and the log is read after it. */
const peaceMsMax = 90_000;

/** Of the configuration of every member, over those of every trial. */
export const groupSections: Readonly<Record<string, object>> = {
  checkpoint: { interval_ms: 250 },
  kafka: { request_timeout_ms: 1_500, connect_timeout_ms: 1_000 },
};

/** A topic that several processes of one consumer group fold together, and whatever becomes of them. */
export class GroupTrial {
  readonly trial: Trial;
  readonly kafka: TestKafka;
  readonly name: string;
  /** A partition each. */
  readonly feeds: readonly KafkaFeed[];
  /** Those that live, as far as we know; a frozen one too. */
  readonly members = new Set<DaemonRun>();
  readonly #wish: KafkaFeedWish;

  private constructor(trial: Trial, kafka: TestKafka, { feeds, wish }: { feeds: readonly KafkaFeed[]; wish: KafkaFeedWish }) {
    this.trial = trial;
    this.kafka = kafka;
    this.name = wish.name;
    this.feeds = feeds;
    this.#wish = wish;
  }

  static async begin({ ground, kafka, seed, name: wanted, partitions = 8, records, perSecond, brokers, keys, sections }: GroupWish): Promise<GroupTrial> {
    const name = freshName(ground, wanted);
    const logs = Array.from({ length: partitions }, (_, partition) =>
      groupLog({ seed: seed + 100 * partition, records, venue: `${name}-${partition}` }));
    const tick = Math.max(5, Math.round(perSecond / 50));
    const wish: KafkaFeedWish = {
      name, kafka, logs, settings: faultSettings, recordsPerBatch: 50,
      keys: {
        max_msgs_per_sec: perSecond, burst: tick, batch_ticks: tick, session_timeout_ms: sessionTimeoutMs,
        // Little is in hand when something happens, and a Fetch is under way at most moments.
        max_bytes_per_partition: 8_192, ...(brokers === undefined ? {} : { brokers }), ...keys,
      },
    };
    const feeds = await kafkaFeeds(wish);
    const trial = new Trial(ground, { seed, records, perSecond, feeds, name: `group-${name}`, sections: { ...groupSections, ...sections } });
    return new GroupTrial(trial, kafka, { feeds, wish });
  }

  /** What another partition of the topic holds, once it was added. */
  async addFeed(partition: number, log: KafkaFeedWish['logs'][number]): Promise<KafkaFeed> {
    const feed = new KafkaFeed(this.feeds[0].entry, partition, this.#wish);
    await feed.write(log);
    return feed;
  }

  /** Begins a member; it may not have joined yet. */
  async join(wish: DaemonWish = {}): Promise<DaemonRun> {
    const run = await DaemonRun.start(this.trial, { untilEnd: false, lookEveryMs: 100, ...wish });
    this.members.add(run);
    return run;
  }

  /** Begins so many, and waits until each reads something. */
  async joinAll(count: number): Promise<DaemonRun[]> {
    const runs = await Promise.all(Array.from({ length: count }, () => this.join()));
    await this.until(`${count} members share the partitions`, () => runs.every((run) => partitionsOf(run).length > 0));
    return runs;
  }

  async kill(run: DaemonRun): Promise<void> {
    this.members.delete(run);
    await run.kill();
  }

  /** Asks it to end, and returns its exit code. */
  async end(run: DaemonRun, withinMs?: number): Promise<number | null> {
    this.members.delete(run);
    run.daemon.signal('SIGTERM');
    return run.ended(withinMs);
  }

  /** Records that are safe, all partitions together. */
  async stored(): Promise<number> {
    const positions = await this.positions();
    return [...positions.values()].reduce((sum, position) => sum + position, 0);
  }

  /** Of the stored checkpoints, by lane. */
  async positions(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.trial.database.query<{ lane: string; position: number }>(
      limit, 'SELECT lane, position FROM lane_checkpoints WHERE lane LIKE $1', [`${this.trial.name}/%`]);
    return new Map(rows.map(({ lane, position }) => [lane, position]));
  }

  async isFolded(feeds = this.feeds): Promise<boolean> {
    const positions = await this.positions();
    return feeds.every((feed) => positions.get(this.trial.laneOf(feed)) === feed.end);
  }

  /** Waits until more is safe than now, or all is. */
  async progress(longestMs?: number): Promise<void> {
    const before = await this.stored();
    await this.until('progress is made', async () => (await this.stored()) > before || (await this.isFolded()), longestMs);
  }

  /** Each partition is read to its end by one living member, which keeps a lane for it and for nothing else. */
  isShared(feeds = this.feeds): boolean {
    const runs = [...this.members];
    const isSettled = runs.every((run) => {
      if (run.status === null) return false;
      const { sources, lanes, ticks, rows } = run.status;
      const partitions = sources[0].consumer?.partitions ?? [];
      return partitions.every(({ state, lag }) => state === 'reading' && lag === 0) &&
        ticks.inFlight === 0 && rows.inFlight === 0 &&
        isSameSet(partitions.map(({ lane }) => lane ?? ''), lanes.map(({ name }) => name));
    });
    return isSettled && isSameSet(runs.flatMap(partitionsOf), feeds.map((feed) => feed.part));
  }

  /** All is left in peace, with one member at least, until everything is folded; then they end, and what they left must be right. */
  async peace(expected: Expected): Promise<void> {
    if (this.members.size === 0) await this.join();
    await this.rest();
    for (const run of this.members) {
      const code = await this.end(run);
      if (code !== 0) throw new Error(`A member ended with ${code}:\n${run.daemon.log.slice(-6_000)}`);
    }
    await expectInvariants(this.trial, expected);
  }

  /** Until every partition is folded to its end, and read by somebody. */
  async rest(feeds = this.feeds): Promise<void> {
    await this.until('every partition is folded', () => this.isFolded(feeds), peaceMsMax);
    await this.until('every partition is read by one member', () => this.isShared(feeds));
  }

  async until(what: string, condition: () => boolean | Promise<boolean>, longestMs = 30_000): Promise<void> {
    const isOver = (): boolean | Promise<boolean> => {
      const ended = [...this.members].find((run) => !run.isAlive);
      if (ended !== undefined) throw new Error(`A member has ended: ${ended.daemon.log.slice(-3_000)}`);
      return condition();
    };
    await eventually(isOver, longestMs).catch(async (error: unknown) => {
      throw new Error(`Waited in vain: ${what}\n${await this.#described()}`, { cause: error });
    });
  }

  /** Ends whatever still runs. */
  async dispose(): Promise<void> {
    for (const run of this.members) {
      run.daemon.signal('SIGKILL');
      await run.ended().catch(() => {});
    }
    this.trial.dispose();
  }

  async #described(): Promise<string> {
    const positions = await this.positions().catch(() => new Map<string, number>()); // The database may be away.
    const stored = [...positions].map(([lane, position]) => `${lane} ${position}`).sort();
    const members = [...this.members].map((run) => {
      const source = run.status?.sources[0];
      const partitions = source?.consumer?.partitions.map((one) =>
        `${one.partition}:${one.state}@${one.position}/${one.logEnd}${one.problem === null ? '' : ` ${one.problem}`}`);
      return `member ${run.daemon.pid}${run.isAlive ? '' : ' (ended)'}: ${source?.state} ${source?.consumer?.connection} ` +
        `${source?.problem}; ${partitions?.join(', ')}; lanes ${run.status?.lanes.map(({ name, position }) => `${name}@${position}`).join(', ')}\n` +
        run.daemon.log.split('\n').slice(-25).map((line) => line.slice(0, 400)).join('\n');
    });
    return [`ends ${this.feeds.map((feed) => feed.end).join(', ')}`, ...stored, ...members].join('\n');
  }
}

/** Lets a random time pass. */
export async function moment(random: { between(min: number, max: number): number }, msMax: number): Promise<void> {
  await wait(random.between(0, msMax));
}

/** What the group has given to it, as `topic/0`. */
export function partitionsOf(run: DaemonRun): string[] {
  return run.status?.sources[0].consumer?.partitions.map(({ topic, partition }) => `${topic}/${partition}`) ?? [];
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && new Set([...some, ...others]).size === some.length;
}
