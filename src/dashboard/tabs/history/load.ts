import { barOfApi, gapOfApi } from '../../bars.ts';
import type { Api, ApiGap, BarPage } from '../../api.ts';
import type { Shown } from './asked-place.ts';
import type { Loaded } from './rows.ts';

/** Rows of one symbol: more are seldom read by eye, and /api/bars gives them as a file. */
export const barsMax = 5_000;
/** Of the newest bars, where no range is named. */
const newestBars = 500;

type Answer = BarPage & { readonly gaps?: readonly ApiGap[] };

/** The bars of one symbol, oldest first, and the gaps within them. */
async function loadOne(
  api: Api, { venue, symbol, spec, from, until }: Omit<Shown, 'other' | 'how'>, signal: AbortSignal,
): Promise<Loaded> {
  const isRange = from !== null;
  const answer = await api.ask<Answer>('api/bars', {
    signal, query: {
      venue, symbol, spec, from: from ?? undefined, until: until ?? undefined, limit: isRange ? barsMax : newestBars,
      order: isRange ? 'asc' : 'desc', gaps: 'true',
    },
  });
  const bars = answer.bars.flatMap((bar) => barOfApi(bar) ?? []);
  return {
    bars: isRange ? bars : bars.toReversed(), gaps: (answer.gaps ?? []).map(gapOfApi),
    isCut: isRange && answer.next !== null, madeFrom: answer.made_from ?? null,
  };
}

/** Of the one or the two symbols that are shown. */
export function load(api: Api, shown: Shown, signal: AbortSignal): Promise<readonly Loaded[]> {
  const symbols = [{ venue: shown.venue, symbol: shown.symbol }, ...shown.other === null ? [] : [shown.other]];
  return Promise.all(symbols.map((symbol) => loadOne(api, { ...shown, ...symbol }, signal)));
}
