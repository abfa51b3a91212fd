import { MdpError } from '../../errors.ts';
import type { Clock } from '../../model/clock.ts';
import type { ConsumerWatchStatus } from '../../model/status.ts';
import { SilenceWatch, type ConsumerLook } from './silence-watch.ts';

export interface ConsumerWatchdogOptions {
  readonly source: string;
  readonly stallMs: number;
  readonly restartsMax: number;
  readonly clock: Clock;
  readonly vainSessions: () => number;
  readonly look: () => Omit<ConsumerLook, 'nowMs'>;
  /** Called once: it does not read any more, and nothing that is tried in this process has helped. */
  readonly onDead: (error: MdpError) => void;
}

/** Looks within a stall: late by a tenth of it at most. */
const looksPerStall = 10;
const intervalMsMax = 1_000;
const intervalMsMin = 20;

/**
 * Ends a process whose consumer is dead in a living process: kafkajs has been seen to fall silent without an error, and to
 * begin again for ever. The next process begins from the checkpoints, so nothing is lost by it.
 */
export class ConsumerWatchdog {
  readonly #options: ConsumerWatchdogOptions;
  readonly #intervalMs: number;
  readonly #silence: SilenceWatch;
  #silentMs = 0;

  constructor(options: ConsumerWatchdogOptions) {
    this.#options = options;
    const wantedMs = options.stallMs === 0 ? intervalMsMax : options.stallMs / looksPerStall;
    this.#intervalMs = Math.max(intervalMsMin, Math.min(intervalMsMax, wantedMs));
    this.#silence = new SilenceWatch(this.#intervalMs);
  }

  status(): ConsumerWatchStatus {
    const { stallMs, restartsMax, vainSessions } = this.#options;
    return { silentMs: this.#silentMs, stallMs, vainSessions: vainSessions(), vainSessionsMax: restartsMax };
  }

  /** Looks until `signal` fires or the consumer is dead. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, look, onDead } = this.#options;
    for (;;) {
      await clock.wait(this.#intervalMs, signal);
      if (signal.aborted) return;
      this.#silentMs = this.#silence.look({ nowMs: clock.nowMs(), ...look() });
      const problem = this.#problem();
      if (problem !== null) return onDead(new MdpError('kafka-consumer-dead', problem));
    }
  }

  #problem(): string | null {
    const { source, stallMs, restartsMax, vainSessions } = this.#options;
    const tail = 'The process ends, so that a new one begins from the checkpoints; nothing is lost.';
    if (stallMs > 0 && this.#silentMs >= 2 * stallMs) {
      return `The consumer of source "${source}" has been silent for ${Math.round(this.#silentMs / 1_000)} s although ` +
        `records wait (kafka.watchdog.stall_ms is ${stallMs}). Look at the brokers and at the way to them. ${tail}`;
    }
    if (restartsMax > 0 && vainSessions() >= restartsMax) {
      return `The consumer of source "${source}" has joined its group ${vainSessions()} times in a row and ended before ` +
        `it had read a message (kafka.watchdog.restarts_max). The log has the reason of each. ${tail}`;
    }
    return null;
  }
}
