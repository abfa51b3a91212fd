import type { PipelineStatus } from '../../../src/model/status.ts';
import { DaemonProcess } from '../daemon.ts';
import type { Trial } from './trial.ts';

export interface DaemonWish {
  readonly sections?: Readonly<Record<string, object>>;
  /** Laid over those of each source. */
  readonly keys?: object;
  readonly args?: readonly string[];
  readonly url?: string;
  readonly nodeFlags?: readonly string[];
  /** False: it waits for more once its logs are read, and ends when it is asked to. */
  readonly untilEnd?: boolean;
  /** Time between two looks at it, ms. */
  readonly lookEveryMs?: number;
}

/** The daemon as a process of its own, looked at for as long as it lives. It ends by itself at the end of its logs unless told otherwise. */
export class DaemonRun {
  readonly daemon: DaemonProcess;
  /** As it was when it was looked at last. */
  status: PipelineStatus | null = null;
  readonly #trial: Trial;
  readonly #looking: Promise<void>;
  readonly #lookEveryMs: number;
  #stopped = false;

  private constructor(trial: Trial, daemon: DaemonProcess, lookEveryMs: number) {
    this.#trial = trial;
    this.#lookEveryMs = lookEveryMs;
    this.daemon = daemon;
    void daemon.ended().then(() => { this.#stopped = true; });
    this.#looking = this.#look();
  }

  static async start(trial: Trial, wish: DaemonWish = {}): Promise<DaemonRun> {
    const { sections, keys, args = [], url, nodeFlags, untilEnd = true, lookEveryMs = 20 } = wish;
    await trial.beginRun();
    const { postgres, name } = trial.ground;
    return new DaemonRun(trial, new DaemonProcess({
      config: trial.config(sections, keys), args: [...(untilEnd ? ['--until-end'] : []), ...args],
      environment: { DATABASE_URL: url ?? postgres.url({ database: name }) },
      ...(nodeFlags === undefined ? {} : { nodeFlags }),
    }), lookEveryMs);
  }

  get isAlive(): boolean {
    return !this.#stopped;
  }

  /** Its exit code; null where a signal ended it. It is killed when it takes longer than this. */
  async ended(withinMs = 30_000): Promise<number | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => { timer = setTimeout(() => resolve('late'), withinMs); });
    const first = await Promise.race([this.daemon.ended(), late]);
    clearTimeout(timer);
    const code = await this.daemon.stop('SIGKILL');
    await this.#looking;
    if (first === 'late') throw new Error(`The daemon had not ended after ${withinMs} ms:\n${this.daemon.log.slice(-6_000)}`);
    return code;
  }

  /** SIGKILL, now. */
  async kill(): Promise<void> {
    this.daemon.signal('SIGKILL');
    await this.ended();
  }

  async #look(): Promise<void> {
    const url = await this.daemon.ready().catch(() => null);
    while (!this.#stopped && url !== null) {
      const status = await fetch(`${url}/api/status`, { signal: AbortSignal.timeout(2_000) })
        .then((response) => response.json() as Promise<PipelineStatus>, () => null);
      if (status !== null) {
        this.status = status;
        this.#trial.lookout.look(status, this, this.daemon.residentMemory());
      }
      await new Promise((resolve) => setTimeout(resolve, this.#lookEveryMs));
    }
  }
}
