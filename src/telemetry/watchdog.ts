import { Worker } from 'node:worker_threads';
import type { Clock } from '../model/clock.ts';
import { beatMs } from './heartbeat.ts';
import { boardWords, WatchdogBoard } from './watchdog-board.ts';
import { threadProgram, type WatchOptions } from './watchdog-thread.ts';

export interface EventLoopStatus {
  /** The longest time of the last minute that the loop stood still, ms; 0 when it was less than a second. */
  readonly longestStallMs: number;
  /** All such times since the start together, ms. */
  readonly stalledMs: number;
}

export interface WatchdogOptions {
  /** So long may the loop stand still, ms; then the process is ended. */
  readonly stallMs: number;
  readonly pipeline: string;
  /** Where the report goes, beside standard error. */
  readonly file: string | null;
  /** What the pipeline has in flight, as the text of one JSON object without secrets. Asked for once a second. */
  readonly numbers: () => string;
  /** The thread is gone although nobody stopped it. */
  readonly died: (error: unknown) => void;
  readonly clock: Clock;
}

/** Each tick wakes the watchdog's thread. */
const tickMs = beatMs;
/** The numbers of a whole pipeline take more time than all beats of a second. */
const noteMs = 1_000;
/** A collection of garbage or a large batch takes as long now and then; four ticks are a second. */
const noiseTicks = 3;
const lastWordsMs = 1_000;
const lookBackMs = 60_000;
/** Node needs 5 MiB of it; the positions of every script, when it looks where the loop stands, a few more. */
const heapMiBMax = 32;

/**
 * Ends the process when its event loop has stood still: timers, deadlines, signals and probes are dead then, and only
 * another thread can still say so. Costs a thread and 11 to 17 MiB: what Node needs for a second isolate.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #board = new WatchdogBoard();
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  #stalls: { readonly atMs: number; readonly stallMs: number }[] = [];
  #notedAtMs = -Infinity;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    const watch: WatchOptions = {
      memory: this.#board.memory, words: boardWords, textFrom: WatchdogBoard.textFrom, tickMs, noiseTicks, lastWordsMs,
      ticksMax: Math.ceil(options.stallMs / tickMs), file: options.file, pipeline: options.pipeline,
    };
    const thread = new Worker(threadProgram, {
      eval: true, workerData: watch, name: 'watchdog', env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMiBMax, maxYoungGenerationSizeMb: 1 },
    });
    thread.unref(); // It is no reason to stay alive.
    this.#thread = thread;
    this.#ended = new Promise((resolve) => {
      thread.on('error', options.died);
      thread.once('exit', () => resolve());
    });
  }

  /** To be called every `beatMs`. */
  beat(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#notedAtMs >= noteMs) {
      this.#notedAtMs = nowMs;
      this.#board.note(this.#options.numbers());
    }
    this.#board.beat();
    const ticks = this.#board.takeLongestTicks();
    if (ticks > 0) this.#stalls.push({ atMs: nowMs, stallMs: ticks * tickMs });
    if (this.#stalls.length > 0) this.#stalls = this.#stalls.filter(({ atMs }) => nowMs - atMs <= lookBackMs);
  }

  status(): EventLoopStatus {
    return {
      longestStallMs: Math.max(0, ...this.#stalls.map(({ stallMs }) => stallMs)),
      stalledMs: this.#board.stalledTicks * tickMs,
    };
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#thread.ref(); // Else nothing would keep the program up while it waits for the thread.
    this.#board.stop();
    await this.#ended;
  }
}
