import { instrumentId } from '../../instrument-id.ts';

/** A position as far as it counts: so much of an instrument, bought at a price; sold short where the size is less than 0. */
interface Held {
  readonly venue: string;
  readonly symbol: string;
  readonly size: number;
  readonly entry_price: number;
}

/** What a position is worth at: the last trade, or the close of the newest stored bar where none has come yet. */
export interface Mark {
  readonly price: number;
  /** Ours where it is live, else the venue's. */
  readonly atMs: number;
  readonly isLive: boolean;
}

export interface Profit {
  /** In what the instrument is quoted in: (mark - entry) × size, so that a short gains where the price falls. */
  readonly amount: number;
  /** Of what it cost, |entry × size|; null where that is 0. */
  readonly percent: number | null;
  /** mark × size: less than 0 for a short. */
  readonly value: number;
  readonly cost: number;
}

export function profitOf({ size, entry_price: entry }: Pick<Held, 'size' | 'entry_price'>, price: number): Profit {
  const [amount, cost] = [(price - entry) * size, Math.abs(entry * size)];
  return { amount, percent: cost === 0 ? null : amount / cost * 100, value: price * size, cost };
}

export interface Total extends Profit {
  readonly marked: number;
  readonly positions: number;
  readonly long: number;
  readonly short: number;
  /** Of the oldest mark; undefined where there is none. */
  readonly oldestMs: number | undefined;
}

/** Over all that have a mark, as if all of them were quoted in one currency. */
export function totalOf(positions: readonly Held[], marks: ReadonlyMap<string, Mark>): Total {
  let [amount, cost, value, long, short, marked] = [0, 0, 0, 0, 0, 0];
  let oldestMs: number | undefined;
  for (const position of positions) {
    const mark = marks.get(instrumentId(position));
    if (mark === undefined) continue;
    const profit = profitOf(position, mark.price);
    [amount, cost, value, marked] = [amount + profit.amount, cost + profit.cost, value + profit.value, marked + 1];
    if (profit.value > 0) long += profit.value;
    else short -= profit.value;
    oldestMs = Math.min(oldestMs ?? mark.atMs, mark.atMs);
  }
  const percent = cost === 0 ? null : amount / cost * 100;
  return { amount, percent, cost, value, long, short, marked, positions: positions.length, oldestMs };
}
