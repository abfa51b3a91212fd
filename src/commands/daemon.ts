import { performance } from 'node:perf_hooks';
import { systemClock } from '../lifecycle.ts';
import type { StoreStatus } from '../model/status.ts';
import { openServer, type OpenServer } from '../server/server.ts';
import { buildPipeline, type BuildRequest, type Built } from './build-pipeline.ts';
import { collectStart } from './collect-start.ts';
import type { LastWords } from './last-words.ts';
import { whenAvailable } from './store.ts';
import { version } from './version.ts';

export interface DaemonOptions extends Omit<BuildRequest, 'clock' | 'version'> {
  readonly lastWords: LastWords;
  /** Fires when somebody asks to stop. */
  readonly drain: AbortSignal;
}

/**
 * The pipeline of a configuration, its server, and what goes on beside both: all that `mdp run` and `mdp serve` have in
 * common. Made, it can already tell how it is; `listen`, then `meetStore`, then `watchStore` bring it to work.
 */
export class Daemon {
  readonly built: Built;
  readonly #options: DaemonOptions;
  readonly #stopped = new AbortController();
  #server: OpenServer | null = null;

  /** Throws an MdpError where the configuration does not fit together. */
  constructor(options: DaemonOptions) {
    this.#options = options;
    this.built = buildPipeline({ ...options, clock: systemClock, version });
    const { pipeline, happenings, serverContext: { configDigest } } = this.built;
    options.lastWords.tellOf(pipeline, configDigest, (seconds) => happenings.loopLagged(seconds));
    happenings.started({ version, node: process.version, configDigest });
    void happenings.run(this.#stopped.signal);
    void collectStart({ collect: collector(), utilization: loopUtilization(), clock: systemClock }, this.#stopped.signal);
  }

  /** Fires when everything beside the pipeline is to end. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Health and metrics can be asked for from here on. */
  async listen(): Promise<OpenServer> {
    const { serverContext } = this.built;
    const pipeline = this.#options.lastWords.beside(serverContext.pipeline);
    return this.#server = await openServer({ ...serverContext, pipeline });
  }

  /** Waits for the database, as long as nobody asks to stop; `prepare` is tried again until it answers. */
  async meetStore(prepare: () => Promise<StoreStatus>): Promise<StoreStatus> {
    const found = await this.whenAvailable(prepare);
    this.built.storeFound(found);
    return found;
  }

  whenAvailable<T>(work: () => Promise<T>): Promise<T> {
    const { happenings } = this.built;
    return whenAvailable(work, {
      clock: systemClock, signal: this.#options.drain,
      onWait: (problem) => happenings.trouble(`Waits for the database. ${problem}`),
    });
  }

  /** What others write into the database is seen from here on. */
  watchStore(): void {
    void this.built.rounds.run(this.#stopped.signal);
  }

  /** The store is to be closed after it. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#server?.close();
  }
}

/** Each call tells of the time since the one before. */
function loopUtilization(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const before = last;
    last = performance.eventLoopUtilization();
    return performance.eventLoopUtilization(last, before).utilization;
  };
}

/** Everything: code that has run once and pages that are empty go too, which an ordinary collection keeps. */
function collector(): (() => void) | undefined {
  const { gc } = globalThis;
  return gc === undefined ? undefined : () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
