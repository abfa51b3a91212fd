/**
 * What `compare-rows.ts` must know of a table to hold its rows against those of a scratch schema. SQL: `stored` and `folded`
 * are the two rows of a key, one of them null where there is only the other; $1 is the lane, $2 and $3 are the first and
 * the last generation of its telling, $4 the position that both have seen everything before.
 */
export interface ComparedTable {
  readonly name: 'bars' | 'indicators' | 'late_ticks' | 'gaps' | 'alerts';
  /** In the order of the index that leads to them, with their types. */
  readonly key: readonly (readonly [column: string, type: string])[];
  readonly values: readonly string[];
  /** Columns for people: what a difference is called by. */
  readonly places: {
    readonly venue: string; readonly symbol: string; readonly spec: string; readonly time: string;
    /** What stands before the spec and an @, where there are several of one spec. */
    readonly line?: string;
  };
  /** Which live rows are looked at. */
  readonly storedRows: string;
  /** Other than missing, extra, equal and different: a row that cannot be compared, and why. Null: it can. */
  readonly leftOut: string;
}

const isOfTelling = 'stored.generation BETWEEN $2 AND $3';

/** SQL for what a table does not have. */
export const noColumn = "''";

/**
 * Of rows that are kept by key: $5 are the bar specs, and lines of indicators as NAME@BARSPEC, $6 the close times up to
 * which retention may have removed rows of theirs; `name` is the one of a stored row. A row of the table that another lane
 * has written is looked at where this lane has one of the same key. One that is not whole never replaces a closed one that
 * is, of an older telling. `besides` are conditions of the table's own.
 */
const leftOutOf = ({ name, besides = '' }: { readonly name: string; readonly besides?: string }): string => `CASE
    WHEN folded.lane IS NULL AND stored.lane <> $1 THEN 'foreign'
    WHEN folded.lane IS NULL AND ${name} <> ALL ($5::text[]) THEN 'other-spec'
    WHEN folded.lane IS NULL AND stored.generation < $2 THEN 'older'
    WHEN stored.lane = $1 AND stored.generation < $2 AND stored.whole AND stored.state = 3 AND NOT folded.whole THEN 'older'
    WHEN stored.lane = $1 AND (stored.generation > $3 OR stored.generation >= $2 AND stored.position >= $4) THEN 'later'
    WHEN folded.lane IS NULL AND stored.state = 2 THEN 'provisional'
    WHEN stored.lane IS NULL AND folded.close_time <= (
      SELECT until_time FROM unnest($5::text[], $6::timestamptz[]) AS kept (bar_spec, until_time)
       WHERE kept.bar_spec = folded.bar_spec) THEN 'expired'${besides}
  END`;

const bars: ComparedTable = {
  name: 'bars',
  key: [['venue', 'text'], ['symbol', 'text'], ['bar_spec', 'text'], ['open_time', 'timestamptz'], ['bar_index', 'integer']],
  values: [
    'lane', 'close_time', 'open', 'high', 'low', 'close', 'volume', 'notional', 'vwap', 'trades', 'buy_volume',
    'sell_volume', 'quality', 'state', 'revision', 'whole', 'position',
  ],
  places: { venue: 'venue', symbol: 'symbol', spec: 'bar_spec', time: 'open_time' },
  storedRows: 'true',
  leftOut: leftOutOf({ name: 'stored.bar_spec' }),
};

/**
 * An indicator that came when a lane had been told in part has values that a fold of the whole log does not give: none of
 * them is whole until it has forgotten what it missed, and it has none of the bars before.
 */
const begunLater = `
    WHEN stored.lane = $1 AND folded.whole AND NOT stored.whole THEN 'begun-later'
    WHEN stored.lane IS NULL AND NOT EXISTS (
      SELECT FROM indicators AS known
       WHERE known.lane = $1 AND known.generation BETWEEN $2 AND $3 AND known.whole
         AND known.bar_spec = folded.bar_spec AND known.indicator = folded.indicator
         AND known.open_time <= folded.open_time) THEN 'begun-later'`;

const indicators: ComparedTable = {
  name: 'indicators',
  key: [
    ['venue', 'text'], ['symbol', 'text'], ['bar_spec', 'text'], ['indicator', 'text'], ['open_time', 'timestamptz'],
    ['bar_index', 'integer'],
  ],
  values: ['lane', 'close_time', 'value', 'quality', 'state', 'revision', 'whole', 'position'],
  places: { venue: 'venue', symbol: 'symbol', spec: 'bar_spec', time: 'open_time', line: 'indicator' },
  storedRows: 'true',
  leftOut: leftOutOf({ name: "stored.indicator || '@' || stored.bar_spec", besides: begunLater }),
};

type LiveRows = Pick<ComparedTable, 'storedRows' | 'leftOut'>;

/** A telling that a hand has given another generation may have said a thing twice. `time` is what makes a row old. */
const sideTable = (name: 'late_ticks' | 'gaps', time: string, key: ComparedTable['key']): LiveRows => ({
  storedRows: `stored.lane = $1 AND ${isOfTelling}
    AND NOT EXISTS (SELECT FROM ${name} AS again
                     WHERE again.lane = $1 AND again.generation BETWEEN stored.generation + 1 AND $3
                       AND ${key.map(([column]) => `again.${column} = stored.${column}`).join(' AND ')})`,
  leftOut: `CASE WHEN stored.position >= $4 THEN 'later'
    WHEN stored.lane IS NULL AND folded.${time} <= (
      SELECT until_time FROM unnest($5::text[], $6::timestamptz[]) AS kept (kind, until_time) WHERE kept.kind = '${name}')
    THEN 'expired' END`,
});

const lateTickKey = [['position', 'bigint'], ['counter', 'integer']] as const;
const lateTicks: ComparedTable = {
  name: 'late_ticks', key: lateTickKey, ...sideTable('late_ticks', 'event_time', lateTickKey),
  values: ['venue', 'symbol', 'event_time', 'price', 'size', 'side', 'trade_id', 'watermark'],
  places: { venue: 'venue', symbol: 'symbol', spec: noColumn, time: 'event_time' },
};

const gapKey = [
  ['position', 'bigint'], ['venue', 'text'], ['symbol', 'text'], ['bar_spec', 'text'], ['reason', 'text'],
  ['from_time', 'timestamptz'],
] as const;
const gaps: ComparedTable = {
  name: 'gaps', key: gapKey, ...sideTable('gaps', 'until_time', gapKey), values: ['until_time', 'ticks_lost'],
  places: { venue: 'venue', symbol: 'symbol', spec: 'bar_spec', time: 'from_time' },
};

const isConfigured = `rule.bar_spec = ANY ($5::text[])
         AND (rule.indicator IS NULL OR rule.indicator || '@' || rule.bar_spec = ANY ($5::text[]))`;

/** The rule of a row, by the versions that are kept. */
const ruleOf = `SELECT FROM alert_rules AS rule
       WHERE rule.id = coalesce(stored.rule_id, folded.rule_id)
         AND rule.version = coalesce(stored.rule_version, folded.rule_version)`;

/** A line that came when the lane had been told in part: no value before this bar says what the whole log would give. */
const lineBegunLater = `rule.indicator IS NOT NULL AND NOT EXISTS (
           SELECT FROM indicators AS known
            WHERE known.lane = $1 AND known.generation BETWEEN $2 AND $3 AND known.whole
              AND known.venue = rule.venue AND known.symbol = rule.symbol AND known.bar_spec = rule.bar_spec
              AND known.indicator = rule.indicator AND known.open_time < coalesce(stored.open_time, folded.open_time))`;

/**
 * What the log and the rules decide is what an alert has come to in the end: that it was told for a while and withdrawn
 * depends on what was folded when. So rows that say "not met" on both sides, or on the only one, are not compared.
 */
const alerts: ComparedTable = {
  name: 'alerts',
  key: [['rule_id', 'uuid'], ['rule_version', 'integer'], ['open_time', 'timestamptz'], ['bar_index', 'integer']],
  values: ['state', 'lane', 'close_time', 'value', 'bar_state', 'whole', 'position'],
  places: { venue: 'venue', symbol: 'symbol', spec: 'bar_spec', time: 'open_time', line: 'rule_id' },
  storedRows: 'true',
  leftOut: `CASE
    WHEN stored.state IS DISTINCT FROM 1 AND folded.state IS DISTINCT FROM 1 THEN 'not-met'
    WHEN folded.lane IS NULL AND stored.lane <> $1 THEN 'foreign'
    WHEN NOT EXISTS (${ruleOf}) THEN 'forgotten'
    WHEN NOT EXISTS (${ruleOf} AND ${isConfigured}) THEN 'other-spec'
    WHEN folded.lane IS NULL AND stored.generation < $2 THEN 'older'
    WHEN stored.lane = $1 AND stored.generation < $2 AND stored.whole AND stored.bar_state = 3 AND NOT folded.whole
    THEN 'older'
    WHEN stored.lane = $1 AND (stored.generation > $3 OR stored.position >= $4 AND stored.generation >= $2) THEN 'later'
    WHEN folded.lane IS NULL AND stored.bar_state = 2 THEN 'provisional'
    WHEN EXISTS (${ruleOf} AND ${lineBegunLater}) THEN 'begun-later'
    WHEN stored.lane IS NULL AND folded.close_time <= (
      SELECT until_time FROM unnest($5::text[], $6::timestamptz[]) AS kept (kind, until_time) WHERE kept.kind = 'alerts')
    THEN 'expired'
  END`,
};

/** All that a log decides, and rules with it, and that nobody changes by hand; dead letters are answered and dropped. */
export const comparedTables: readonly ComparedTable[] = [bars, indicators, lateTicks, gaps, alerts];

/** Rows that are nobody's to compare: of another lane, or that say on both sides that there is nothing to say. */
export const passedOver: readonly string[] = ['foreign', 'not-met'];

/** Rows that were looked at and not compared. */
export const leftOutReasons = [
  'later', 'older', 'provisional', 'expired', 'other-spec', 'begun-later', 'forgotten',
] as const;
export type LeftOutReason = (typeof leftOutReasons)[number];
