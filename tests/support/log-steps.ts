import * as fc from 'fast-check';
import type { LogTick, OracleSettings } from '../oracle/log.ts';

const second = 1_000;
export const minute = 60 * second;
const hour = 60 * minute;
export const day = 24 * hour;

export const randomSettings = (asFile: boolean): fc.Arbitrary<OracleSettings> => fc.record({
  specs: fc.subarray(
    [
      '1s', '5s', '7s', '1m', '90s', '5m', '7m', '1h', '1h/30m', '1d', '1w', '2d',
      '1d@America/New_York', '1d/17h@America/Chicago', '4h@Europe/Berlin', '1w@Asia/Kolkata', '1m/20s',
    ],
    { minLength: 1, maxLength: 4 },
  ),
  outOfOrdernessMs: fc.constantFrom(0, 1, 500, 2 * second, minute),
  allowedLatenessMs: fc.constantFrom(0, 1, second, 10 * second, 10 * minute),
  maxFutureSkewMs: fc.constantFrom(0, second, 5 * minute),
  maxJumpMs: fc.constantFrom(hour, 7 * day),
  ids: fc.constantFrom('monotone', 'unique', 'absent'),
  zeroSize: fc.constantFrom('accept', 'reject'),
  nonPositivePrice: fc.constantFrom('reject', 'reject', 'accept'),
  offMarket: asFile ? fc.constant('exclude') : fc.constantFrom('exclude', 'include'),
  complete: fc.boolean(),
  fromMs: fc.constant(null), // A lane's bounds depend on when its log begins: see `laneBounds`.
  untilMs: fc.constant(null),
});

/** What a lane owns, as times after the beginning of its log; each is moved on to a boundary of all its specs. */
export const laneBounds: fc.Arbitrary<{ readonly from: number | null; readonly until: number | null }> = fc.record({
  from: fc.option(fc.constantFrom(-hour, 0, 10 * second, 3 * minute, 2 * hour, 11 * hour), { freq: 2 }),
  until: fc.option(fc.constantFrom(0, 5 * second, 4 * minute, 3 * hour, day), { freq: 2 }),
});

/** Where a log begins: on a common day, across a change of the clocks, at the beginning of 1970. */
export const startTimes = (asFile: boolean): fc.Arbitrary<number> => fc.constantFrom(
  Date.UTC(2024, 5, 5, 11, 59, 50),
  Date.UTC(2024, 2, 10, 4, 55), // New York loses an hour today.
  Date.UTC(2024, 10, 3, 3, 55), // And here it wins one.
  Date.UTC(2024, 11, 29, 23, 59, 30),
  ...(asFile ? [] : [5 * second]),
);

interface Place {
  readonly venue: number;
  readonly symbol: number;
}

/** One thing that a feed does. */
export type Step =
  | (Place & {
    readonly kind: 'tick';
    readonly advanceMs: number;
    readonly behind: Behind;
    readonly behindMs: number;
    readonly price: number;
    readonly size: number;
    readonly side: LogTick['side'];
    readonly sameRecord: boolean;
    readonly offMarket: boolean;
    /** Takes an id that was left free so many ticks ago, so that ids do not rise along the log. */
    readonly idBack: number;
  })
  | { readonly kind: 'repeat'; readonly back: number; readonly shiftMs: number; readonly isFresh: boolean }
  | (Place & { readonly kind: 'poison'; readonly aheadMs: number; readonly beyond: 'skew' | 'jump' })
  | { readonly kind: 'leap'; readonly byMs: number }
  | { readonly kind: 'reject'; readonly reason: string }
  | (Place & {
    readonly kind: 'gap';
    readonly fromBackMs: number;
    readonly lengthMs: number;
    /** Both ends lie on a multiple of it. */
    readonly stepMs: number;
    readonly reason: string;
    readonly allVenues: boolean;
    readonly allSymbols: boolean;
    readonly spec: number | null;
  });

/** What a tick's time is measured from, backwards. */
type Behind = 'newest' | 'watermark' | 'horizon' | 'minute';

const place = { venue: fc.nat({ max: 2 }), symbol: fc.nat({ max: 2 }) };
const mostly = <T>(usual: T, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });

export const ticks = (asFile: boolean): fc.Arbitrary<Step> => fc.record({
  kind: fc.constant('tick'), ...place,
  advanceMs: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.nat({ max: 2 * second }) },
    { weight: 3, arbitrary: fc.nat({ max: 2 * minute }) },
    { weight: 1, arbitrary: fc.nat({ max: 3 * hour }) },
    { weight: 1, arbitrary: fc.constantFrom(0.25, 0.001, 999.999) },
  ),
  behind: fc.constantFrom('newest', 'newest', 'watermark', 'horizon', 'minute'),
  behindMs: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom(-1, 1, 0.5) },
    { weight: 2, arbitrary: fc.nat({ max: 3 * second }) },
    { weight: 1, arbitrary: fc.nat({ max: 20 * minute }) },
  ),
  price: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 9_900, max: 10_100 }).map((cents) => cents / 100) },
    { weight: 20, arbitrary: fc.constantFrom(0.00141342, 1e-9, 3e11) },
    { weight: 1, arbitrary: fc.constantFrom(0, -3, 1e101, ...(asFile ? [] : [NaN, Infinity])) },
  ),
  size: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(0.1, 0.2, 0.3, 1, 7, 123.456, 1e-8, 1e9, 1e15, 0.00000003) },
    { weight: 1, arbitrary: fc.constantFrom(0, -1, 1e101, ...(asFile ? [] : [NaN, Infinity, -Infinity])) },
  ),
  side: fc.constantFrom('buy', 'sell', 'unknown'),
  sameRecord: asFile ? fc.constant(false) : mostly(false, fc.constant(true)),
  offMarket: asFile ? fc.constant(false) : mostly(false, fc.constant(true)),
  idBack: mostly(0, fc.integer({ min: 1, max: 10 })),
});

export const others = (asFile: boolean): fc.Arbitrary<Step> => fc.oneof(
  fc.record({
    kind: fc.constant('repeat' as const),
    back: fc.nat({ max: 40 }),
    shiftMs: mostly(0, fc.integer({ min: -20 * second, max: 20 * second })),
    isFresh: mostly(false, fc.constant(true)),
  }),
  fc.record({
    kind: fc.constant('poison' as const), ...place,
    aheadMs: fc.oneof(fc.constantFrom(0, 1, -1), fc.nat({ max: 4 }), fc.nat({ max: 10_000 * day })),
    beyond: fc.constantFrom('skew', 'jump'),
  }),
  fc.record({ kind: fc.constant('leap' as const), byMs: fc.constantFrom(30 * minute, 2 * hour, 10 * day) }),
  ...(asFile ? [] : [
    fc.record({ kind: fc.constant('reject' as const), reason: fc.constantFrom('malformed', 'bad-time') }),
    fc.record({
      kind: fc.constant('gap' as const), ...place,
      fromBackMs: fc.oneof(fc.nat({ max: 3 * minute }), fc.integer({ min: -minute, max: 2 * day })),
      lengthMs: fc.oneof(fc.constantFrom(1, second, minute), fc.integer({ min: 1, max: 2 * hour })),
      stepMs: fc.constantFrom(1, second, minute),
      reason: fc.constantFrom('venue-outage', 'disconnect', 'restart', 'dropped-batch', 'deleted-records'),
      allVenues: fc.boolean(), allSymbols: fc.boolean(),
      spec: mostly<number | null>(null, fc.nat({ max: 3 })),
    }),
  ]),
);
