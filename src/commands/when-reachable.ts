import { MdpError, messageOf } from '../errors.ts';
import { kafkaError } from '../kafka/kafka-error.ts';
import type { Clock } from '../model/clock.ts';

const retryMsMin = 250;
const retryMsMax = 5_000;

export interface Waiting {
  readonly clock: Clock;
  readonly brokers: readonly string[];
  /** Brokers that are away are waited for so long, ms. */
  readonly longestMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called when they begin to be waited for, with the reason. */
  readonly onWait: (problem: string) => void;
}

/**
 * Repeats `work`, which is to do what `doing` says, while the brokers do not answer. Throws an MdpError `kafka-unreachable`
 * when they were away for too long or `signal` has fired, and at once `kafka-refused`, which waiting does not cure.
 */
export async function whenReachable<T>(doing: string, work: () => Promise<T>, waiting: Waiting): Promise<T> {
  const { clock, brokers, longestMs, signal, onWait } = waiting;
  const sinceMs = clock.nowMs();
  for (let waitMs = retryMsMin; ; waitMs = Math.min(waitMs * 2, retryMsMax)) {
    try {
      return await work();
    } catch (error) {
      const told = kafkaError(error, brokers, doing);
      if (told.code !== 'kafka-unreachable' || signal.aborted) throw told;
      const awayMs = clock.nowMs() - sinceMs;
      if (awayMs + waitMs > longestMs) {
        const message = `${messageOf(told)} Waited for ${Math.round(awayMs / 1_000)} s.`;
        throw new MdpError('kafka-unreachable', message, error);
      }
      if (waitMs === retryMsMin) onWait(messageOf(told));
      await clock.wait(waitMs, signal);
      if (signal.aborted) throw told;
    }
  }
}
