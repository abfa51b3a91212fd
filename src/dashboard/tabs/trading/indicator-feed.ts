import type { ValuePage } from '../../api.ts';
import type { Session } from '../../session.tsx';
import { valueKey } from '../../stream-keys.ts';
import type { Series } from './bar-feed.ts';
import type { IndicatorLine } from './indicator-lines.ts';
import type { LinePoint } from './line-book.ts';

export interface LineEvents {
  /** All of its points; none where the pipeline does not compute it. */
  loaded(points: readonly LinePoint[]): void;
  changed(point: LinePoint): void;
}

const pageValues = 2_000;
/** A line that has no values may have some when the pipeline has seen more bars, or was set to compute it. */
const askAgainMs = 20_000;
/** By then a bar that has closed is stored, on a pipeline that is well. */
const storedAfterMs = 3_000;

/** One line of an indicator: the stored values from a time on, and then those of the stream. Returns what ends it. */
export function followLine(session: Session, of: LineSeries, events: LineEvents): () => void {
  const follower = new LineFollower(session, of, events);
  void follower.load();
  return () => follower.end();
}

type LineSeries = Series & { readonly line: Pick<IndicatorLine, 'name'>; readonly fromMs: number };

class LineFollower {
  readonly #session: Session;
  readonly #of: Series & { readonly indicator: string };
  readonly #fromMs: number;
  readonly #events: LineEvents;
  readonly #abort = new AbortController();
  readonly #points = new Map<number, number | null>();
  #ends: (() => void)[] = [];

  constructor(session: Session, { line, fromMs, ...series }: LineSeries, events: LineEvents) {
    this.#session = session;
    this.#of = { ...series, indicator: line.name };
    this.#fromMs = fromMs;
    this.#events = events;
  }

  end(): void {
    this.#abort.abort();
    for (const end of this.#ends) end();
  }

  /** First what is stored: the stream refuses what the pipeline does not compute. */
  async load(): Promise<void> {
    await this.#loadStored().catch(() => {
      // It is asked again, like a line that has no values yet.
    });
    if (this.#abort.signal.aborted) return;
    this.#events.loaded(this.#sorted());
    if (this.#points.size > 0) return this.#listen();
    const timer = setTimeout(() => { void this.load(); }, askAgainMs);
    this.#ends = [() => clearTimeout(timer)];
  }

  async #loadStored(): Promise<void> {
    for (let from: string | null = new Date(this.#fromMs).toISOString(); from !== null;) {
      const { values, next }: ValuePage =
        await this.#session.api.indicators({ ...this.#of, from, limit: pageValues, order: 'asc' }, this.#abort.signal);
      for (const { open_time, value } of values) this.#keep(Date.parse(open_time), value);
      from = next;
    }
  }

  /** What the stream has told is newer than what was read. */
  #keep(openMs: number, value: number | null): void {
    if (!this.#points.has(openMs)) this.#points.set(openMs, value);
  }

  #listen(): void {
    const { stream, live } = this.#session;
    this.#ends = [
      live.listen(valueKey(this.#of), (values) => {
        for (const { open_ms: openMs, value } of values) {
          this.#points.set(openMs, value);
          this.#events.changed({ openMs, value });
        }
      }),
      stream.subscribe([{ channel: 'indicators', ...this.#of }]),
    ];
    // Values of bars that closed while the stored ones were on their way are stored a moment later.
    const timer = setTimeout(() => {
      void this.#loadStored().then(() => this.#events.loaded(this.#sorted()), () => {});
    }, storedAfterMs);
    this.#ends.push(() => clearTimeout(timer));
  }

  #sorted(): readonly LinePoint[] {
    return [...this.#points].sort(([one], [other]) => one - other).map(([openMs, value]) => ({ openMs, value }));
  }
}
