import type { StreamQuote } from '../../../model/stream.ts';

/* How old a price is when it is shown: from the venue to the daemon, and from there to this page. */

export interface Spread {
  /** Ms; half of the prices, and 19 of 20, came in this time or less. Null where there was none. */
  readonly p50: number | null;
  readonly p95: number | null;
}

export interface Latency {
  /** The venue's clock until ours, when the tick was read. A venue's clock may be ahead: then it is below 0. */
  readonly toDaemon: Spread;
  /** From there until this page has it, conflation included. */
  readonly toPage: Spread;
  readonly prices: number;
}

const windowMs = 10_000;
/** Enough for a 95th percentile that does not jump. */
const samplesMax = 4_000;

interface Sample {
  readonly atMs: number;
  readonly toDaemonMs: number;
  readonly toPageMs: number;
}

/** Of the last ten seconds. */
export class LatencyWindow {
  #samples: Sample[] = [];

  /** `nowMs`: the server's clock as this page knows it. */
  add(quotes: readonly StreamQuote[], nowMs: number): void {
    for (const { event_ms: eventMs, received_ms: receivedMs } of quotes) {
      // What a snapshot brings may be of yesterday: it says nothing of how long a price takes.
      if (nowMs - receivedMs > windowMs) continue;
      this.#samples.push({ atMs: nowMs, toDaemonMs: receivedMs - eventMs, toPageMs: Math.max(0, nowMs - receivedMs) });
    }
    if (this.#samples.length > samplesMax) this.#samples.splice(0, this.#samples.length - samplesMax);
  }

  at(nowMs: number): Latency {
    this.#samples = this.#samples.filter(({ atMs }) => nowMs - atMs <= windowMs);
    return {
      toDaemon: spreadOf(this.#samples.map(({ toDaemonMs }) => toDaemonMs)),
      toPage: spreadOf(this.#samples.map(({ toPageMs }) => toPageMs)),
      prices: this.#samples.length,
    };
  }
}

/** By nearest rank. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const rank = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { p50: rank(0.5), p95: rank(0.95) };
}
