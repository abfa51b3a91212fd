import { setTimeout as wait } from 'node:timers/promises';
import { failPoints } from '../../../src/fail-points.ts';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { DaemonRun, type DaemonWish } from './daemon-run.ts';
import type { SeededRandom } from './random.ts';
import { failures, serverFaults, type ServerFault, type Victim } from './server-faults.ts';
import type { Trial } from './trial.ts';

/** How often each thing happened, by its name in words. */
export type Counts = Map<string, number>;

export function count(counts: Counts, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

const points = Object.keys(failPoints);
const lastingFaults = serverFaults.filter((fault) => fault.isState === true);
/** What a daemon may end with: its log was read; its lanes are another's now; rows had to be given up. */
const codesExpected = new Set([0, 3, 4]);

/**
 * Real processes over the logs of one trial, and everything that can happen to them and to their server, in an order and at
 * moments that nobody would think of. What a seed gives is the order; moments are those of the machine.
 */
export class Mixture {
  readonly #trial: Trial;
  readonly #random: SeededRandom;
  readonly #counts: Counts;
  readonly #proxy: TcpProxy;
  readonly #running = new Set<DaemonRun>();
  /** Things that happened. */
  faults = 0;

  private constructor(trial: Trial, proxy: TcpProxy, { random, counts }: { random: SeededRandom; counts: Counts }) {
    this.#trial = trial;
    this.#random = random;
    this.#counts = counts;
    this.#proxy = proxy;
  }

  /** Lets so many things happen, and then one daemon read to the end, with nothing in its way. */
  static async play(trial: Trial, random: SeededRandom, { things, counts }: { things: number; counts: Counts }): Promise<Mixture> {
    const proxy = await TcpProxy.start(trial.ground.postgres.port);
    const mixture = new Mixture(trial, proxy, { random, counts });
    try {
      for (let thing = 0; thing < things; thing++) await mixture.#next();
      await mixture.#finish();
    } finally {
      for (const run of mixture.#running) await run.kill();
      await proxy.close();
    }
    return mixture;
  }

  async #next(): Promise<void> {
    const luck = this.#random.next();
    if (luck < 0.1) return this.#dieAtPoint();
    if (luck < 0.2) return this.#rebuild();
    const run = await this.#one();
    if (luck < 0.3) return this.#kill(run);
    if (luck < 0.4) return this.#terminate(run);
    if (luck < 0.5) return this.#stopAndGoOn(run);
    if (luck < 0.65) return this.#replace(run);
    return this.#hurtServer(run, this.#random.pick(lastingFaults));
  }

  /** One that runs, at a random moment. */
  async #one(): Promise<DaemonRun> {
    const [known] = this.#running;
    const run = known ?? (await this.#start());
    await this.#moment(run, 700);
    return run;
  }

  async #start(wish: DaemonWish = {}): Promise<DaemonRun> {
    const { postgres, name } = this.#trial.ground;
    const run = await DaemonRun.start(this.#trial, { url: postgres.url({ database: name, port: this.#proxy.port }), ...wish });
    this.#running.add(run);
    if (this.#random.next() < 0.8) await run.daemon.ready().catch(() => {});
    return run;
  }

  /** Lets up to this many ms pass, less where it ends before. */
  async #moment(run: DaemonRun, msMax: number): Promise<void> {
    await Promise.race([wait(this.#random.between(0, msMax)), run.daemon.ended()]);
  }

  async #kill(run: DaemonRun): Promise<void> {
    const isAlive = run.isAlive;
    this.#running.delete(run);
    await run.kill();
    if (isAlive) this.#happened('killed');
  }

  async #terminate(run: DaemonRun): Promise<void> {
    const isAlive = run.isAlive;
    run.daemon.signal('SIGTERM');
    await this.#ended(run);
    if (isAlive) this.#happened('asked to end');
  }

  async #dieAtPoint(): Promise<void> {
    for (const run of this.#running) await this.#kill(run);
    const point = this.#random.pick(points);
    const passing = /restore/.test(point) ? 1 : this.#random.between(1, /marker|checkpoint/.test(point) ? 6 : 40);
    const run = await this.#start({ sections: { faults: { kill_at: `${point}:${passing}` } } });
    await run.ended();
    this.#running.delete(run);
    if (run.daemon.endedBy === 'SIGKILL') this.#happened(`killed ${point}`);
  }

  async #stopAndGoOn(run: DaemonRun): Promise<void> {
    const isAlive = run.isAlive;
    run.daemon.signal('SIGSTOP');
    await wait(this.#random.between(0, 1_500));
    run.daemon.signal('SIGCONT');
    if (isAlive) this.#happened('stopped for a while');
  }

  /** Another one takes its lanes while it is stopped; then both go on. */
  async #replace(run: DaemonRun): Promise<void> {
    if (this.#running.size > 1) return this.#kill(run);
    const isAlive = run.isAlive;
    run.daemon.signal('SIGSTOP');
    const other = await this.#start();
    await this.#moment(other, 1_000);
    run.daemon.signal('SIGCONT');
    if (isAlive) this.#happened('woken when another had its lanes');
  }

  async #rebuild(): Promise<void> {
    const run = await this.#start({ args: ['--rebuild', 'all'] });
    while (run.isAlive && run.status?.lanes.length !== this.#trial.feeds.length) await wait(5);
    this.#happened('rebuilt');
    const [other] = this.#running;
    if (other !== run && this.#random.next() < 0.5) await this.#kill(other);
  }

  async #hurtServer(run: DaemonRun, fault: ServerFault): Promise<void> {
    const victim: Victim = { trial: this.#trial, kept: {}, run: this.#victimOf(run) };
    const failuresBefore = run.status === null ? 0 : failures(run.status);
    await fault.begin(victim);
    await this.#moment(run, 1_500);
    const luck = this.#random.next();
    if (luck < 0.2) await this.#kill(run);
    else if (luck < 0.35) run.daemon.signal('SIGTERM');
    await fault.heal(victim);
    this.#happened(fault.title);
    if (run.status !== null && failures(run.status) > failuresBefore) count(this.#counts, 'felt by the daemon while it lasted');
    if (!run.isAlive || luck < 0.35) await this.#ended(run);
  }

  #victimOf(run: DaemonRun): Victim['run'] {
    const look = (): PipelineStatus => {
      if (run.status === null) throw new Error('nobody has looked at it yet');
      return run.status;
    };
    return { proxy: this.#proxy, look, until: () => Promise.resolve() };
  }

  async #finish(): Promise<void> {
    for (const run of this.#running) {
      if (this.#random.next() < 0.5) await this.#kill(run);
      else await this.#ended(run);
    }
    const last = await this.#start({ keys: { max_msgs_per_sec: 0 } });
    const code = await last.ended();
    this.#running.delete(last);
    if (code !== 0) throw new Error(`The last daemon ended with ${code}:\n${last.daemon.log}`);
  }

  /** Waits until it has ended, and looks at its exit code. */
  async #ended(run: DaemonRun): Promise<void> {
    if (!this.#running.delete(run)) return;
    const code = await run.ended();
    count(this.#counts, `ended with ${code ?? run.daemon.endedBy}`);
    if (code !== null && !codesExpected.has(code)) throw new Error(`A daemon ended with ${code}:\n${run.daemon.log}`);
  }

  #happened(what: string): void {
    this.faults++;
    count(this.#counts, what);
  }
}
