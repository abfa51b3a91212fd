import { messageOf, MdpError } from '../errors.ts';
import { kafkaError } from '../kafka/kafka-error.ts';
import type { Clock } from '../model/clock.ts';
import type { ValuesOf } from '../model/setting.ts';
import { CircuitBreaker } from '../sinks/circuit-breaker.ts';
import type { sinkBreakerSettings } from '../sinks/settings.ts';

const retryMsMin = 250;
const retryMsMax = 5_000;

export interface BrokerCallsOptions {
  readonly clock: Clock;
  readonly brokers: readonly string[];
  readonly breaker: ValuesOf<typeof sinkBreakerSettings>;
  /** A call waits for brokers that are away for so long, ms. */
  readonly longestMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told in words, once each: that brokers are waited for and why, that they are left alone, that they answer again. */
  readonly tell: (sentence: string) => void;
}

/**
 * The calls that a command makes to the brokers. While these do not answer, calls are repeated; after so many failures in a
 * row, of all calls together, the circuit breaker leaves the brokers alone, and one call at a time tries whether they are
 * back. Calls may overlap.
 */
export class BrokerCalls {
  readonly #options: BrokerCallsOptions;
  readonly #breaker: CircuitBreaker;
  #changed = new AbortController();
  #isAway = false;

  constructor(options: BrokerCallsOptions) {
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.breaker);
  }

  /**
   * Repeats `work`, which is to do what `doing` says, until it is done. Throws an MdpError `kafka-unreachable` when the
   * brokers were away for too long (they are tried a last time then, whatever the breaker says) or `signal` has fired,
   * and at once `kafka-refused`, which waiting does not cure.
   */
  async make<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { clock, brokers, longestMs, signal } = this.#options;
    const sinceMs = clock.nowMs();
    const untilMs = sinceMs + longestMs;
    await this.#turn(untilMs);
    for (let waitMs = retryMsMin; ; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      try {
        const result = await work();
        this.#answered();
        return result;
      } catch (error) {
        const told = kafkaError(error, brokers, doing);
        if (told.code !== 'kafka-unreachable') this.#answered();
        else this.#failed(told);
        if (told.code !== 'kafka-unreachable' || signal.aborted) throw told;
        const nowMs = clock.nowMs();
        if (nowMs >= untilMs) {
          const message = `${messageOf(told)} Waited for ${Math.round((nowMs - sinceMs) / 1_000)} s.`;
          throw new MdpError('kafka-unreachable', message, error);
        }
        await clock.wait(Math.min(waitMs, untilMs - nowMs), signal);
        await this.#turn(untilMs);
        if (signal.aborted) throw told;
      }
    }
  }

  /** Resolves when the breaker lets us through, at `untilMs`, or when `signal` has fired. */
  async #turn(untilMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    for (let nowMs = clock.nowMs(); nowMs < untilMs && !signal.aborted; nowMs = clock.nowMs()) {
      const waitMs = this.#breaker.waitMs(nowMs);
      if (waitMs === 0) return;
      await clock.wait(Math.min(waitMs, untilMs - nowMs), AbortSignal.any([signal, this.#changed.signal]));
    }
  }

  #answered(): void {
    this.#breaker.succeeded();
    this.#wakeAll();
    if (this.#isAway) this.#options.tell('Kafka answers again.');
    this.#isAway = false;
  }

  #failed(told: MdpError): void {
    const { clock, breaker, tell } = this.#options;
    if (!this.#isAway) tell(`Waits for Kafka: ${messageOf(told)}`);
    this.#isAway = true;
    const before = this.#breaker.state;
    this.#breaker.failed(clock.nowMs());
    if (this.#breaker.state === before) return;
    this.#wakeAll();
    const left = `it is left alone for ${breaker.reset_ms / 1_000} s, then tried again (kafka.circuit_breaker)`;
    tell(before === 'closed' ? `Kafka has failed ${breaker.failures} times in a row: ${left}.`
      : `Kafka does not answer yet: ${left}.`);
  }

  #wakeAll(): void {
    const changed = this.#changed;
    this.#changed = new AbortController();
    changed.abort();
  }
}
