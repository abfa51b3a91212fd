import { setTimeout as wait } from 'node:timers/promises';
import type { DaemonRun } from './daemon-run.ts';
import { moment, partitionsOf, sessionTimeoutMs, type GroupTrial } from './group-trial.ts';
import { count, type Counts } from './mixture.ts';
import type { SeededRandom } from './random.ts';

export interface GroupPlay {
  readonly things: number;
  readonly counts: Counts;
  /** At most so many live at once. */
  readonly membersMax: number;
}

/** What a member may end with while something is wrong around it: in order; its rows had to be given up. */
const codesExpected = new Set([0, 4]);
/** Between two things progress must have been made within this time, whatever they were. */
const progressMsMax = 60_000;

/**
 * Members of a group that come, end, die and freeze, and brokers and a database that do too, in an order and at moments that
 * nobody would think of. What a seed gives is the order; moments are those of the machine.
 */
export class GroupMixture {
  readonly #group: GroupTrial;
  readonly #random: SeededRandom;
  readonly #play: GroupPlay;
  readonly #frozen = new Set<DaemonRun>();
  /** Things that happened. */
  faults = 0;

  private constructor(group: GroupTrial, random: SeededRandom, play: GroupPlay) {
    this.#group = group;
    this.#random = random;
    this.#play = play;
  }

  /** Lets so many things happen, fewer where the log is folded before; at the end all live in peace. */
  static async play(group: GroupTrial, random: SeededRandom, play: GroupPlay): Promise<GroupMixture> {
    const mixture = new GroupMixture(group, random, play);
    try {
      for (let thing = 0; thing < play.things && !(await group.isFolded()); thing++) await mixture.#next();
    } finally {
      for (const run of mixture.#frozen) run.daemon.signal('SIGCONT');
      group.kafka.thaw();
      group.trial.ground.postgres.thaw();
    }
    return mixture;
  }

  async #next(): Promise<void> {
    const group = this.#group;
    const { members } = group;
    if (members.size === this.#frozen.size) this.#thaw(0);
    if (members.size === 0) await this.#join();
    await moment(this.#random, 1_500);
    const luck = this.#random.next();
    if (luck < 0.2) await this.#join();
    else if (luck < 0.35) await this.#kill();
    else if (luck < 0.45) await this.#end();
    else if (luck < 0.6) await this.#freeze();
    else if (luck < 0.7) await this.#stopBroker();
    else if (luck < 0.8) await this.#freezeBroker();
    else if (luck < 0.9) this.#swallow();
    else await this.#hurtDatabase();
    this.#thaw(0.4);
    if (members.size > this.#frozen.size) await group.progress(progressMsMax);
  }

  async #join(): Promise<void> {
    if (this.#group.members.size >= this.#play.membersMax) return this.#kill();
    await this.#group.join();
    this.#happened('a member joined');
  }

  async #kill(): Promise<void> {
    const run = this.#one();
    this.#frozen.delete(run);
    await this.#group.kill(run);
    this.#happened('a member was killed');
  }

  async #end(): Promise<void> {
    const run = this.#one();
    if (this.#frozen.has(run)) return this.#kill();
    const code = await this.#group.end(run);
    if (code !== null && !codesExpected.has(code)) throw new Error(`A member ended with ${code}:\n${run.daemon.log.slice(-6_000)}`);
    this.#happened('a member was asked to end');
  }

  /** For a while that its session may outlive or not; others go on meanwhile. */
  async #freeze(): Promise<void> {
    const run = this.#one();
    run.daemon.signal('SIGSTOP');
    this.#frozen.add(run);
    await moment(this.#random, 2 * sessionTimeoutMs);
    this.#happened('a member stood still');
  }

  /** Some of them stand still a while longer: so many, as a share. */
  #thaw(longer: number): void {
    for (const run of this.#frozen) {
      if (this.#random.next() < longer) continue;
      run.daemon.signal('SIGCONT');
      this.#frozen.delete(run);
    }
  }

  async #stopBroker(): Promise<void> {
    const kind = this.#random.pick(['clean', 'kill'] as const);
    await this.#group.kafka.stop(kind);
    await moment(this.#random, 3_000);
    await this.#group.kafka.startAgain();
    this.#happened(kind === 'clean' ? 'the broker was stopped' : 'the broker crashed');
  }

  async #freezeBroker(): Promise<void> {
    this.#group.kafka.freeze();
    await moment(this.#random, 5_000);
    this.#group.kafka.thaw();
    this.#happened('the broker stood still');
  }

  #swallow(): void {
    this.#group.kafka.proxies[0].swallow();
    this.#happened('all connections to the broker were half-open');
  }

  async #hurtDatabase(): Promise<void> {
    const { postgres } = this.#group.trial.ground;
    if (this.#random.next() < 0.5) {
      postgres.freeze();
      await moment(this.#random, 2_000);
      postgres.thaw();
      this.#happened('the database stood still');
    } else {
      await postgres.stop(this.#random.pick(['fast', 'immediate'] as const));
      await wait(this.#random.between(0, 1_500));
      await postgres.startAgain();
      this.#happened('the database was stopped');
    }
  }

  #one(): DaemonRun {
    return this.#random.pick([...this.#group.members]);
  }

  #happened(what: string): void {
    this.faults++;
    count(this.#play.counts, what);
    if (![...this.#group.members].some((run) => partitionsOf(run).length > 0)) count(this.#play.counts, 'while nobody read anything');
  }
}
