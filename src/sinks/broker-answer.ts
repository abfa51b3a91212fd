import { MdpError } from '../errors.ts';
import { kafkaError } from '../kafka/kafka-error.ts';
import type { Clock } from '../model/clock.ts';
import { SinkError } from './sink.ts';

/** Brokers that answer let a producer go at once; the others notice by themselves. */
const leaveMsMax = 3_000;

export interface BrokerAnswerOptions {
  /** What was tried, such as `write bars to the topic "bars"`. */
  readonly doing: string;
  readonly brokers: readonly string[];
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly abort: AbortSignal;
}

/**
 * What the brokers say to a sink that asks, or a SinkError: `misconfigured` where they refuse for good, else `unknown`, also
 * when the deadline has passed or `abort` has fired. The asking itself may go on then, and nobody hears how it ends.
 */
export async function answerOf<T>(asking: Promise<T>, options: BrokerAnswerOptions): Promise<T> {
  const { doing, brokers, clock, deadlineMs, abort } = options;
  const answered = new AbortController();
  asking.catch(() => {});
  try {
    const late = clock.wait(deadlineMs, AbortSignal.any([answered.signal, abort])).then(() => {
      throw new MdpError('kafka-unreachable', `Could not ${doing} at Kafka (${brokers.join(', ')}): no answer within ` +
        `${deadlineMs} ms. Check that the brokers run.`);
    });
    late.catch(() => {});
    return await Promise.race([asking, late]);
  } catch (error) {
    const told = kafkaError(error, brokers, doing);
    throw new SinkError({ kind: told.code === 'kafka-unreachable' ? 'unknown' : 'misconfigured' }, told.message, error);
  } finally {
    answered.abort();
  }
}

/** Waits for producers to be closed, but not for brokers that do not answer. */
export async function partingOf(closing: Promise<unknown>, clock: Clock): Promise<void> {
  const parted = new AbortController();
  await Promise.race([closing, clock.wait(leaveMsMax, parted.signal)]);
  parted.abort();
}
