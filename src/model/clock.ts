/**
 * Time is an argument: components take a Clock, tests give their own, and nobody but the program's edge reads the real
 * one.
 */
export interface Clock {
  /** Ms since 1970 UTC. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when `signal` has fired or fires; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets timers and sockets have their turn. */
  yield(): Promise<void>;
}
