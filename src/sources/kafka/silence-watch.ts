/** What one look at a consumer sees. */
export interface ConsumerLook {
  readonly nowMs: number;
  /** Null while it is no member of its group: what it was given last is still to be read. */
  readonly partitions: readonly PartitionLook[] | null;
  /** Answers to Fetches since the group was joined, by broker. */
  readonly fetches: ReadonlyMap<string, number>;
  /** We read nothing because we do not want to: the sink is closed, a budget is spent, a schema is waited for. */
  readonly isHeldBack: boolean;
}

export interface PartitionLook {
  readonly name: string;
  /** Where the next Fetch of it begins. */
  readonly position: number;
  /** Records wait that we would take: it is fetched, and its log reaches further. */
  readonly isBehind: boolean;
}

interface Still {
  readonly value: number;
  readonly sinceMs: number;
}

/** Looks that come later than this many intervals were late themselves: the process or its loop stood still, not Kafka. */
const lateIntervals = 3;

/**
 * Tells for how long a consumer has been silent: records wait in a partition that we want to read, it has not come further,
 * and at least one broker has answered no Fetch. Offsets that stand still alone are no silence: behind the last record may
 * be ends of transactions, which are handed to nobody, or an open transaction. Pure: what it knows it was told by `look`.
 */
export class SilenceWatch {
  readonly #intervalMs: number;
  readonly #partitions = new Map<string, Still>();
  readonly #brokers = new Map<string, Still>();
  #lookedAtMs: number | null = null;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Ms of silence; 0 while there is none. */
  look({ nowMs, partitions, fetches, isHeldBack }: ConsumerLook): number {
    const sinceLookMs = nowMs - (this.#lookedAtMs ?? nowMs);
    this.#lookedAtMs = nowMs;
    if (isHeldBack || sinceLookMs > lateIntervals * this.#intervalMs) this.#beginAnew();
    const isMember = partitions !== null;
    if (isMember) {
      const behind = partitions.filter(({ isBehind }) => isBehind);
      follow(this.#partitions, behind.map(({ name, position }): [string, number] => [name, position]), nowMs);
      // A broker that has answered nothing yet is silent from the moment on that the group was joined.
      follow(this.#brokers, fetches.size === 0 ? [['none', 0]] : fetches, nowMs);
    }
    const stillMs = longestMs(this.#partitions, nowMs);
    return isMember ? Math.min(stillMs, longestMs(this.#brokers, nowMs)) : stillMs;
  }

  /** Whatever stood still until now did so rightly. */
  #beginAnew(): void {
    this.#partitions.clear();
    this.#brokers.clear();
  }
}

/** Keeps since when each of them has had its value; forgets the others. */
function follow(known: Map<string, Still>, now: Iterable<readonly [string, number]>, nowMs: number): void {
  const values = new Map(now);
  for (const name of known.keys()) if (!values.has(name)) known.delete(name);
  for (const [name, value] of values) if (known.get(name)?.value !== value) known.set(name, { value, sinceMs: nowMs });
}

function longestMs(known: ReadonlyMap<string, Still>, nowMs: number): number {
  return Math.max(0, ...[...known.values()].map(({ sinceMs }) => nowMs - sinceMs));
}
