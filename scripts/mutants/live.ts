import type { Mutant } from './list.ts';

const newest = { file: 'src/operators/newest-bars.ts', test: 'tests/operators/newest-bars.test.ts' };
const client = { file: 'src/live/hub-client.ts' };
const hub = { file: 'src/live/hub.ts' };
const rows = { file: 'src/live/row-feed.ts' };
const [plain, conflation, slow] = ['hub', 'conflation', 'slow-clients'].map((name) => `tests/live/${name}.test.ts`);
const property = {
  test: 'tests/live/hub-properties.test.ts', shows: 'is what the operators emitted and what is forming, whatever it did',
};

/** Planted in what those see who look while lanes fold. */
export const liveMutants: readonly Mutant[] = [
  {
    ...newest, name: 'a newest bar that makes a row for itself',
    find: 'const row = window.table.rowOf[instrument] ?? 0;\n    return',
    replace: 'const row = window.table.rowFor(instrument);\n    return',
    shows: 'change nothing: rows and snapshots are those of a fold that nobody looks at',
  },
  {
    ...newest, name: 'a newest bar without what has settled of it',
    find: 'if (of.row === 0) bar.set(emptyRow);', replace: 'if (of.row >= 0) bar.set(emptyRow);',
    shows: 'are those of the ticks so far',
  },
  {
    file: 'src/operators/live-lane.ts', test: 'tests/lane-runtime.test.ts', name: 'a telling that was given up and speaks on',
    find: '    this.#told = null;\n', replace: '',
    shows: 'hears nothing more of a telling that was given up',
  },
  {
    file: 'src/operators/run-operators.ts', test: 'tests/lane-runtime.test.ts', name: 'ticks that were not admitted are told',
    find: 'live.ticksFolded(admitted);', replace: 'live.ticksFolded(batch);',
    shows: 'hears of admitted ticks only, and of nothing where none was',
  },
  {
    ...client, ...property, name: 'a client that skips what it was not told yet when it subscribes',
    find: '    this.#update(this.#parts.nowMs()); // What', replace: '    this.#told = this.#parts.changes.last; // What',
  },
  {
    ...client, test: conflation, name: 'the first change waits as long as the others',
    find: '    if (bytes === 0) this.#dueAtMs = -Infinity;', replace: '    if (bytes === 0) this.#dueAtMs = this.#nextDueMs(nowMs);',
    shows: 'sends the first change at once, and then the newest only, once an interval',
  },
  {
    ...client, test: slow, name: 'a client that takes nothing and is sent everything',
    find: "if (this.#state === 'live' && this.#outlet.bufferedBytes > this.#parts.bufferBytes) this.#state = 'stalled';",
    replace: 'void this.#outlet.bufferedBytes;',
    shows: 'costs its buffer and one message, and gets the newest state once it has drained',
  },
  {
    ...client, test: slow, name: 'a client that has drained and is told only what comes now',
    find: "    this.#state = 'live';\n    this.#snapshotOfAll('slow');", replace: "    this.#state = 'live';",
    shows: 'costs its buffer and one message, and gets the newest state once it has drained',
  },
  {
    ...client, test: 'tests/server/stream/slow-socket.test.ts', name: 'a client that has missed something and cannot see it',
    find: "    if (reason === 'slow') this.#seq++;", replace: '    ',
    shows: 'sees by a hole in the numbers that it has missed something',
  },
  {
    ...client, test: slow, name: 'an update of any size', find: ' || body.length > updateShare * bufferBytes', replace: '',
    shows: 'is sent the newest state where there would be more to tell than it may be sent at once',
  },
  {
    ...hub, ...property, name: 'rows let go before the last client has them',
    find: 'toldUntil = Math.min(toldUntil, client.toldUntil);',
    replace: 'toldUntil = toldUntil === Infinity ? client.toldUntil : Math.max(toldUntil, client.toldUntil);',
  },
  {
    ...hub, test: slow, name: 'all clients that are due in one piece of work',
    find: 'if (left-- === 0 || bytes >= turnBytesMax) break;', replace: 'if (left-- === 0) break;',
    shows: 'are told in turn, a bounded piece of work at a time, and none is left out',
  },
  {
    file: 'src/live/recent-rows.ts', test: 'tests/live/recent-rows.test.ts', name: 'rows that are forgotten in silence',
    find: '    this.forgottenAt = Math.max(this.forgottenAt, entry.changedAt);\n', replace: '',
    shows: 'are bounded: the oldest are forgotten, and it is known since when',
  },
  {
    ...rows, test: plain, name: 'a forming bar that does not hear of gaps',
    find: '    return Math.max(tickAt, this.#touchedAt);', replace: '    return tickAt;',
    shows: 'sees a bar form, close, be revised, and what is missing in it',
  },
  {
    ...newest, name: 'only the newest of the bars that form',
    find: '      isFound = true;\n', replace: '      return true;\n', shows: 'are those of the ticks so far',
  },
  {
    file: 'src/operators/indicators/indicator-series.ts', test: 'tests/operators/indicators/preview.test.ts',
    name: 'values that leave out older bars that form',
    find: 'isForming && formed !== 0 ? this.#carry', replace: 'isForming && formed < 0 ? this.#carry',
    shows: 'are what their closes will give, if no tick comes, however many form',
  },
  {
    ...rows, ...property, name: 'a forming bar that is told by what it was at another change',
    find: 'known.position === position && this.#touchedAt <= this.#seenAt', replace: 'known.position >= 0',
  },
  {
    ...rows, test: plain, name: 'a forming bar that is told with each tick of its instrument',
    find: 'isSame ? known.changedAt : this.#context.changes.last', replace: 'this.#context.changes.last',
    shows: 'of the bars that form is each that has changed itself, and all of them at first',
  },
  {
    file: 'src/lane-queues.ts', test: 'tests/dropped-rows.test.ts', name: 'rows that are given up behind the backs of those who look',
    find: '      if (born > 0) onRowsDropped(rest.gaps.slice(-born));\n', replace: '',
    shows: 'are told to who saw them as gaps of their instrument and spec',
  },
  {
    file: 'src/live/quote-board.ts', test: plain, name: 'the last price by arrival',
    find: '      if (eventTimeMs[index] < this.eventMs[id]) continue;\n', replace: '',
    shows: 'of a price is the newest by event time, with the close of the day before',
  },
];
