import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../../src/config.ts';
import { buildPipeline, type BuildRequest } from '../../../src/commands/build-pipeline.ts';
import { openStore, type OpenStore } from '../../../src/commands/store.ts';
import { Shutdown, systemClock } from '../../../src/lifecycle.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { PipelineStatus } from '../../../src/model/status.ts';
import type { Outcome, Pipeline } from '../../../src/pipeline.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import type { Trial } from './trial.ts';

export interface PipelineWish {
  readonly clock?: Clock;
  readonly sections?: Readonly<Record<string, object>>;
  readonly keys?: object;
  readonly rebuild?: readonly string[];
  /** False: it waits for more once its logs are read, and ends when it is asked to. */
  readonly untilEnd?: boolean;
  readonly partOf?: BuildRequest['partOf'];
}

const telemetry = { enable_metrics: false };
let filesWritten = 0;

/**
 * The pipeline of a trial in this process, as `mdp run` builds it, behind a proxy of its own. It can be crashed: from that
 * moment on nothing of it reaches the server any more, as if its process had died.
 */
export class PipelineRun {
  readonly pipeline: Pipeline;
  readonly proxy: TcpProxy;
  readonly shutdown: Shutdown;
  /** What it logged, as text. */
  readonly logged: string[];
  /** How it ended; never rejects. */
  readonly ended: Promise<Outcome | Error>;
  hasEnded = false;
  readonly #trial: Trial;
  readonly #store: OpenStore;

  private constructor(trial: Trial, parts: Pick<PipelineRun, 'pipeline' | 'proxy' | 'shutdown' | 'logged'>, own: Own) {
    this.#trial = trial;
    this.#store = own.store;
    ({ pipeline: this.pipeline, proxy: this.proxy, shutdown: this.shutdown, logged: this.logged } = parts);
    this.ended = this.pipeline.run(this.shutdown, { untilEnd: own.untilEnd })
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
      .finally(() => { this.hasEnded = true; });
  }

  static async start(trial: Trial, wish: PipelineWish = {}): Promise<PipelineRun> {
    await trial.beginRun();
    const { clock = systemClock, sections = {}, keys, rebuild = [], untilEnd = true, partOf } = wish;
    const { postgres, name } = trial.ground;
    const proxy = await TcpProxy.start(postgres.port);
    const file = path.join(trial.directory, `pipeline-${++filesWritten}.yaml`);
    writeFileSync(file, trial.config({ telemetry, ...sections }, keys));
    const loaded = loadConfig({ file, environment: { DATABASE_URL: postgres.url({ database: name, port: proxy.port }) } });
    const logged: string[] = [];
    const log = createLogger({
      settings: loaded.config.log, pipeline: trial.name, secrets: [], stream: { write: (text) => logged.push(text) },
    });
    const store = await openStore(loaded.config, log);
    const { pipeline } = buildPipeline({
      loaded, log, store, clock, version: 'test', wishes: { rebuild, fromNow: [] }, ...(partOf === undefined ? {} : { partOf }),
    });
    const shutdown = new Shutdown(loaded.config.shutdown, clock);
    return new PipelineRun(trial, { pipeline, proxy, shutdown, logged }, { store, untilEnd });
  }

  look(): PipelineStatus {
    const status = this.pipeline.status();
    this.#trial.lookout.look(status, this);
    return status;
  }

  /** Looks at it again and again until it has ended, or until `condition` holds. */
  async until(condition: (status: PipelineStatus) => boolean | Promise<boolean>, longestMs = 20_000): Promise<void> {
    for (const givenUpAtMs = Date.now() + longestMs; ;) {
      if (await condition(this.look())) return;
      if (this.hasEnded) throw new Error(`It ended: ${JSON.stringify(await this.ended)}\n${this.logged.join('')}`);
      if (Date.now() > givenUpAtMs) {
        throw new Error(`Waited ${longestMs} ms in vain for ${String(condition)}\n${JSON.stringify(this.look(), null, 1)}\n` +
          this.logged.slice(-30).join(''));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Looks at it until it ends, which it does within this time: a lag of a fault is gone then. Gives its outcome back. */
  async end(withinMs = 15_000): Promise<Outcome> {
    const outcome = await this.endOrError(withinMs);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  async endOrError(withinMs = 15_000): Promise<Outcome | Error> {
    await this.until(() => this.hasEnded, withinMs);
    const outcome = await this.ended;
    this.shutdown.finish();
    await this.#close();
    return outcome;
  }

  /** Its process dies: every connection breaks, and none comes about again. Its loops end by themselves. */
  async crash(): Promise<void> {
    this.look();
    const closed = this.proxy.close();
    this.shutdown.forceNow('a crash');
    await closed;
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error(`It does not end: ${JSON.stringify(this.pipeline.status(), null, 1)}`)), 30_000);
    });
    await Promise.race([this.ended, tooLate]);
    clearTimeout(late);
    await this.#store.close();
  }

  async #close(): Promise<void> {
    await this.#store.close();
    await this.proxy.close();
  }
}

interface Own {
  readonly store: OpenStore;
  readonly untilEnd: boolean;
}
