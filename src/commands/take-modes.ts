import { MdpError } from '../errors.ts';
import type { TakeMode } from '../model/lane.ts';

/** Lanes by their names, by the names of their sources, or `all`. */
export interface TakeWishes {
  readonly rebuild: readonly string[];
  readonly fromNow: readonly string[];
}

/** How each lane is taken up for the first time in a run; later it is always taken up where it was left. */
export class TakeModes {
  readonly #wishes: TakeWishes;
  readonly #taken = new Set<string>();

  /** Throws an MdpError `usage` where a wish names no source and no lane of the pipeline, or contradicts another. */
  constructor(wishes: TakeWishes, pipeline: string, sources: readonly string[]) {
    this.#wishes = wishes;
    const isKnown = (wish: string): boolean =>
      wish === 'all' || sources.some((source) => wish === source || `${wish}/`.startsWith(`${pipeline}/${source}/`));
    const unknown = [...wishes.rebuild, ...wishes.fromNow].find((wish) => !isKnown(wish));
    if (unknown !== undefined) {
      throw new MdpError('usage', `"${unknown}" is neither a source nor a lane of the pipeline ${pipeline}: write all, or ` +
        `one of ${sources.join(', ')}, or a lane such as ${pipeline}/${sources[0]}.`);
    }
    const both = wishes.rebuild.find((wish) => wishes.fromNow.includes(wish));
    if (both !== undefined) throw new MdpError('usage', `--rebuild ${both} and --from-now ${both} contradict each other.`);
  }

  /** Call it once per take-up. */
  take(lane: { readonly name: string; readonly source: string }): TakeMode {
    if (this.#taken.has(lane.name)) return 'resume';
    this.#taken.add(lane.name);
    const names = (list: readonly string[]): boolean => list.some((wish) => [lane.name, lane.source, 'all'].includes(wish));
    if (names(this.#wishes.rebuild)) return 'rebuild';
    return names(this.#wishes.fromNow) ? 'from-now' : 'resume';
  }
}
