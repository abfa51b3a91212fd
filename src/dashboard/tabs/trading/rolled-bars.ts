import { barOfApi, barOfStream } from '../../bars.ts';
import type { Bar, Gap } from '../../bars.ts';
import { plainLengthMs } from '../../made-specs.ts';
import type { Session } from '../../session.tsx';
import { barKey } from '../../stream-keys.ts';
import type { Series } from './bar-feed.ts';
import { RollUp } from './roll-up.ts';

export interface RolledBarsOptions {
  readonly session: Session;
  /** What the bars are of; nobody stores them. */
  readonly series: Series;
  /** The spec that they are made of. */
  readonly madeFrom: string;
  readonly abort: AbortSignal;
  readonly gaps: () => readonly Gap[];
  /** Bars of the moment: forming, or over and not yet told by the server. */
  readonly changed: (bars: readonly Bar[]) => void;
  /** A part has closed in the window that opens then: what the server makes may be another from there on. */
  readonly partClosed: (openMs: number) => void;
}

/** As many as /api/bars gives at once; more parts than that are not followed. */
const partsMax = 5_000;
/** By then a part that closed before we listened is stored, on a pipeline that is well. */
const storedAfterMs = 3_000;

/**
 * The bars of this moment of a spec that the stream does not have, made here of those that it has. Null where they cannot be:
 * a zone or an origin cuts them, or too many parts go into one. Then there are only those that the server makes.
 */
export function rolledBars(options: RolledBarsOptions): RolledBars | null {
  const [lengthMs, partMs] = [plainLengthMs(options.series.spec), plainLengthMs(options.madeFrom)];
  if (lengthMs === null || partMs === null || lengthMs / partMs > partsMax) return null;
  return new RolledBars(options, { lengthMs, parts: lengthMs / partMs });
}

export class RolledBars {
  readonly #options: RolledBarsOptions;
  readonly #rollUp: RollUp;
  /** Of one window, at most. */
  readonly #parts: number;
  /** Before the stored parts are here, the newest bar lacks its beginning. */
  #isLoaded = false;

  constructor(options: RolledBarsOptions, { lengthMs, parts }: { readonly lengthMs: number; readonly parts: number }) {
    this.#options = options;
    this.#rollUp = new RollUp(lengthMs);
    this.#parts = parts;
  }

  /** Listens until the returned function is called. */
  start(): () => void {
    const { session: { stream, live } } = this.#options;
    const ends = [
      stream.subscribe([{ channel: 'bars', ...this.#part }]),
      live.listen(barKey(this.#part), (bars) => this.#take(bars.map(barOfStream))),
    ];
    const timer = setTimeout(() => { void this.load().catch(() => {}); }, storedAfterMs);
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }

  /** The stored parts of the newest window. Throws an ApiError, or an AbortError. */
  async load(): Promise<void> {
    const { session: { api }, abort } = this.#options;
    const { bars } = await api.bars({ ...this.#part, limit: this.#parts, order: 'desc' }, abort);
    const parts = bars.flatMap((bar) => barOfApi(bar) ?? []).toReversed();
    const openMs = this.#rollUp.openOf(parts.at(-1)?.openMs ?? 0);
    this.#isLoaded = true;
    this.#put(parts.filter((part) => part.openMs >= openMs));
  }

  get #part(): Series {
    const { series, madeFrom } = this.#options;
    return { ...series, spec: madeFrom };
  }

  #take(parts: readonly Bar[]): void {
    this.#put(parts);
    for (const { state, openMs } of parts) {
      if (state !== 'forming') this.#options.partClosed(this.#rollUp.openOf(openMs));
    }
  }

  #put(parts: readonly Bar[]): void {
    const { gaps, changed } = this.#options;
    const bars = this.#rollUp.put(parts, gaps());
    if (this.#isLoaded && bars.length > 0) changed(bars);
  }
}
