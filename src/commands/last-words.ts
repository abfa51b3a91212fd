import path from 'node:path';
import type { LoadedConfig } from '../config.ts';
import { exitCode, MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { PipelineStatus } from '../model/status.ts';
import { errorRecord, inFlightOf, lossesOf, type CrashReport, type Program } from '../telemetry/crash-report.ts';
import { beatWithTheLoop } from '../telemetry/heartbeat.ts';
import type { Logger } from '../telemetry/logger.ts';
import { redactor } from '../telemetry/redact.ts';
import type { Measured } from '../telemetry/registry.ts';
import { ReportFiles, type ReportKind } from '../telemetry/report-files.ts';
import { Watchdog } from '../telemetry/watchdog.ts';

export interface LastWordsOptions {
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
}

/** What the reports tell of. */
export interface Subject {
  status(): PipelineStatus;
}

/**
 * What the daemon leaves behind when it ends by a fault, so that somebody can find out what happened:
 *   an error that nothing caught   a report, a log line, exit code 70;
 *   a loop that stands still       the watchdog's report and line, then SIGKILL (exit code 137);
 *   a full heap                    Node's own report, then SIGABRT (exit code 134).
 */
export class LastWords {
  readonly #options: LastWordsOptions;
  readonly #redact: (text: string) => string;
  readonly #files: ReportFiles | null;
  readonly #closed = new AbortController();
  #program: Program;
  #subject: Subject | null = null;
  #watchdog: Watchdog | null = null;

  constructor(options: LastWordsOptions) {
    const { loaded, clock, version } = options;
    this.#options = options;
    this.#redact = redactor(loaded.secrets);
    const startedAt = new Date(clock.nowMs()).toISOString();
    this.#program = { version, node: process.version, pid: process.pid, startedAt, configDigest: null };
    this.#files = this.#openFiles(startedAt);
    if (this.#files !== null) this.#reportFullHeap(this.#files);
    process.on('uncaughtException', this.#onUncaught);
  }

  /** From here on reports tell of this pipeline, the watchdog watches, and `lagged` is told how late the loop turns, s. */
  tellOf(subject: Subject, configDigest: string, lagged: (seconds: number) => void): void {
    const { loaded: { config }, log, clock } = this.#options;
    this.#subject = subject;
    this.#program = { ...this.#program, configDigest };
    void beatWithTheLoop({ clock, lagged, beat: () => this.#watchdog?.beat() }, this.#closed.signal);
    if (config.watchdog.stall_ms === 0) return;
    this.#watchdog = new Watchdog({
      stallMs: config.watchdog.stall_ms, pipeline: config.name, file: this.#files?.pathOf('stall') ?? null, clock,
      numbers: () => this.#redact(JSON.stringify({ program: this.#program, inFlight: inFlightOf(subject.status()) })),
      died: (error) => log.error({ error }, 'The watchdog of the event loop has ended by a fault; nobody watches now.'),
    });
  }

  /** What the server measures: the pipeline, and beside it how the event loop turned. */
  beside(pipeline: Measured): Measured {
    return {
      status: () => pipeline.status(), takeHighWater: () => pipeline.takeHighWater(),
      alerts: () => pipeline.alerts?.() ?? null,
      eventLoop: () => this.#watchdog?.status() ?? null, live: () => pipeline.live?.() ?? null,
    };
  }

  /** An error that ends the run, as it is to be shown: one that is not an MdpError becomes one, with a report. */
  endOf(error: unknown): unknown {
    if (error instanceof MdpError && error.code !== 'crashed') return error;
    const file = this.#report('unknown-error', error);
    if (error instanceof MdpError) return error;
    return new MdpError('crashed', `${messageOf(error)} What was in flight is in ${file ?? 'the log'}.`, error);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    process.off('uncaughtException', this.#onUncaught);
    process.report.reportOnFatalError = false;
    await this.#watchdog?.close();
  }

  readonly #onUncaught = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    try {
      this.#report(origin === 'unhandledRejection' ? 'unhandled-rejection' : 'uncaught-exception', error);
    } finally {
      process.exit(exitCode.crashed);
    }
  };

  /** Writes file and log line; where the file is. */
  #report(kind: CrashReport['kind'], error: unknown): string | null {
    const { log, clock } = this.#options;
    const status = this.#status();
    const inFlight = status === null ? null : inFlightOf(status);
    const report: CrashReport = {
      kind, time: new Date(clock.nowMs()).toISOString(), program: this.#program, error: errorRecord(error),
      memory: process.memoryUsage(), inFlight, status,
    };
    const file = this.#write('error', JSON.stringify(report));
    const losses = inFlight === null ? 'Nothing had been read yet.' : lossesOf(inFlight);
    log.fatal({ kind, error, inFlight, report: file },
      `The program met an error that it does not know, and ends: ${messageOf(error)} ${losses}`);
    return file;
  }

  /** The pipeline may be what is broken. */
  #status(): PipelineStatus | null {
    try {
      return this.#subject?.status() ?? null;
    } catch {
      return null;
    }
  }

  #write(kind: ReportKind, json: string): string | null {
    try {
      if (this.#files === null) return null;
      this.#files.write(kind, `${JSON.stringify(JSON.parse(this.#redact(json)), null, 2)}\n`);
      return this.#files.pathOf(kind);
    } catch (problem) {
      this.#options.log.error({ error: problem }, `A crash report could not be written: ${messageOf(problem)}.`);
      return null;
    }
  }

  #openFiles(startedAt: string): ReportFiles | null {
    const { loaded: { config }, log } = this.#options;
    const directory = config.crash_reports.directory || path.join(config.embedded.data_dir, 'crash-reports');
    try {
      return new ReportFiles(directory, startedAt, process.pid);
    } catch (error) {
      log.warn({ directory, problem: messageOf(error) },
        'Crash reports cannot be written as files, only to the log: set crash_reports.directory to one that can be.');
      return null;
    }
  }

  /**
   * Node's own report holds the command line, and at a full heap also the environment unless a flag of Node forbids it: it
   * is asked for only where neither can show a secret.
   */
  #reportFullHeap(files: ReportFiles): void {
    const { report, argv, execArgv } = process;
    const words = JSON.stringify([...execArgv, ...argv]);
    if (!execArgv.includes('--report-exclude-env') || this.#redact(words) !== words) {
      this.#options.log.info({}, 'A full heap will leave no report: it could show secrets. Start Node with ' +
        '--report-exclude-env, as ./scripts/dev.sh and the image do, and give secrets by the environment or by files.');
      return;
    }
    report.directory = files.directory;
    report.filename = files.nameOf('heap');
    report.excludeEnv = true;
    Object.assign(report, { excludeNetwork: true }); // Looks no host name up; its type does not know of it yet.
    report.reportOnFatalError = true;
  }
}
