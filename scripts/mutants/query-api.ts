import type { Mutant } from './list.ts';

const rolled = { file: 'src/store/rolled-bars.ts', test: 'tests/store/rolled-bars.test.ts' };
const rollSql = { file: 'src/store/roll-sql.ts', test: rolled.test };
const symbols = { file: 'src/store/symbols.ts', test: 'tests/store/symbols.test.ts' };
const positions = { file: 'src/store/positions.ts', test: 'tests/store/positions.test.ts' };
const formats = 'tests/server/bar-formats.test.ts';
const calls = 'tests/server/changing-calls.test.ts';

/** Faults of what the API reads and keeps: numbers that are nearly right, rows that are missing, changes that anybody makes. */
export const queryMutants: readonly Mutant[] = [
  {
    ...rollSql, name: 'a query: sums of doubles, rounded at each child',
    find: 'sum(${column}::text::numeric)::double precision', replace: 'sum(${column})',
    shows: 'a sum over a day of minutes is exact to one unit in the last place',
  },
  {
    ...rolled, name: 'a query: a window that is not over',
    find: 'openMs < (untilMs ?? Infinity) && spec.closeOf(openMs) <= knownUntilMs', replace: 'openMs < (untilMs ?? Infinity) && openMs <= knownUntilMs',
    shows: 'are over when a later child is there, or the lane has settled that far',
  },
  {
    ...rolled, name: 'a query: a gap that touches no child',
    find: 'missing.length > 0 ? quality.gap : 0', replace: '0',
    shows: 'know of every gap that touches them',
  },
  {
    ...rolled, name: 'a query: a first window that is trusted',
    find: 'wholeFromMs: isBeginning ? -Infinity : oldest.openTimeMs', replace: 'wholeFromMs: -Infinity',
    shows: 'the first one is in doubt where its beginning may be missing',
  },
  {
    file: 'src/model/spec-division.ts', test: 'tests/model/spec-division.test.ts', name: 'a query: hours for days of a zone of half hours',
    find: 'parent.gridMs % child.gridMs === 0 && child.gridMs === child.intervalMs', replace: 'dayMs % child.gridMs === 0',
    shows: '1h of 1d@Asia/Kolkata: false',
  },
  {
    ...symbols, name: 'a query: a base of less than a day',
    find: '                AND close_time <= last.close_time', replace: '                AND open_time <= last.close_time',
    shows: 'the last price is that of the bar that opened last',
  },
  {
    ...symbols, name: 'a query: all bars of a series for its newest',
    find: '              ORDER BY open_time DESC, bar_index DESC LIMIT 1) AS last\n', replace: '              ORDER BY open_time + interval \'0\' DESC LIMIT 1) AS last\n',
    shows: 'the work grows with the series, not with the bars',
  },
  {
    ...positions, name: 'a query: a limit that two may pass at once',
    find: "    await client.query('LOCK TABLE positions IN SHARE ROW EXCLUSIVE MODE');\n", replace: '',
    shows: 'there are never more than the limit, however many come at once',
  },
  {
    ...positions, name: 'a query: a change of what somebody else has changed',
    find: '($2::integer IS NULL OR revision = $2)', replace: '($2::integer IS NULL OR revision >= $2)',
    shows: 'two who change what both have read: one of them is told',
  },
  {
    file: 'src/server/send-pieces.ts', test: formats, name: 'a query: reads that go on for nobody',
    find: "  raw.once('close', () => gone.abort());\n", replace: '',
    shows: 'nothing is read ahead of a client that does not take it',
  },
  {
    file: 'src/server/bar-routes.ts', test: formats, name: 'a query: a page that is left out of a stream',
    find: 'limit: Math.min(pageRows, left) }', replace: 'limit: Math.min(pageRows, left - 1) }',
    shows: 'of many pages are all there once, asc',
  },
  {
    file: 'src/server/entity-tag.ts', test: formats, name: 'a query: a tag that outlives what it stands for',
    find: 'createHash(\'sha256\').update(body)', replace: 'createHash(\'sha256\').update(body.slice(0, 100))',
    shows: 'spares who has it the body, until a row changes',
  },
  {
    file: 'src/server/guard.ts', test: calls, name: 'a query: a page of anybody that changes something',
    find: 'if (!mayChange(origin, { host, isKeyed: keys.areAskedFor, settings })) await send(reply, foreignOrigin);', replace: '',
    shows: 'is refused from https://evil.example.com, with a key or without',
  },
  {
    file: 'src/server/security.ts', test: 'tests/server/security.test.ts', name: 'a query: a name that points here, believed',
    find: 'return isKeyed || isOwnName(own.hostname, settings)', replace: 'return isKeyed || isOwnName(own.hostname, settings) || true',
    shows: 'may not by a name that anybody could let point here',
  },
  {
    file: 'src/server/listener.ts', test: calls, name: 'a query: a text for a number in a body',
    find: 'coerceTypes: false', replace: 'coerceTypes: true',
    shows: 'is refused when its body is {"name":"ball","size":"1"}',
  },
];
