import type { Mutant } from './list.ts';

const stream = { test: 'tests/dashboard/stream.test.ts' };
const bars = { test: 'tests/dashboard/bars.test.ts' };
const news = { test: 'tests/dashboard/alert-news.test.ts', file: 'src/dashboard/watch/alert-news.ts' };
const volume = { test: 'tests/dashboard/volume.test.ts', file: 'src/dashboard/tabs/volume/measures.ts' };
const profile = { ...volume, file: 'src/dashboard/tabs/volume/profile.ts' };
const pages = { test: 'tests/server/dashboard-pages.test.ts' };
const rollUp = { test: 'tests/dashboard/roll-up.test.ts', file: 'src/dashboard/tabs/trading/roll-up.ts' };

/** Faults of the page for browsers, and of how it is served. */
export const dashboardMutants: readonly Mutant[] = [
  {
    ...rollUp, name: 'a bar that nobody stores and that says it is closed',
    find: "isOver ? 'provisional' : 'forming'", replace: "isOver ? 'closed' : 'forming'",
    shows: 'is provisional when its window is over: that it is closed, only the server knows',
  },
  {
    ...rollUp, name: 'a part that is counted as often as it comes',
    find: 'volume: sum(({ volume }) => volume)', replace: 'volume: sum(({ volume }) => volume) * window.parts.bars.length',
    shows: 'has the first open, the last close, the bounds and the sums of its parts, whatever order they come in',
  },
  {
    ...rollUp, file: 'src/dashboard/made-specs.ts', name: 'bars made of the shortest that divides them',
    find: '.at(-1) ?? null', replace: '.at(0) ?? null', shows: 'are made of the longest one that divides them',
  },
  {
    test: 'tests/dashboard/history-rows.test.ts', file: 'src/dashboard/tabs/history/csv.ts', name: 'a file that a spreadsheet computes',
    find: "formula.test(value) ? `'${value}` : value", replace: 'value',
    shows: 'has nothing that a spreadsheet would take for a formula',
  },
  {
    test: 'tests/dashboard/profit.test.ts', file: 'src/dashboard/tabs/portfolio/profit.ts', name: 'a short that costs less than nothing',
    find: 'Math.abs(entry * size)', replace: 'entry * size',
    shows: 'is a gain of what was sold short where the price falls',
  },
  {
    ...stream, file: 'src/dashboard/stream.ts', name: 'a hole in the stream that nobody notices',
    find: 'message.seq !== this.#seq + 1', replace: 'message.seq <= this.#seq',
    shows: 'notices a hole in the numbers, asks for everything anew, and says that something may have been missed',
  },
  {
    ...stream, file: 'src/dashboard/stream.ts', name: 'a new wire on which nothing is asked for',
    find: '    this.#subscriptions.forget();\n', replace: '',
    shows: 'comes back by itself after a while that grows, and asks anew for what is still looked at',
  },
  {
    ...stream, file: 'src/dashboard/stream.ts', name: 'a dead wire that is kept',
    find: '        this.#lose();\n        dead?.close();\n', replace: '        dead?.close();\n',
    shows: 'gives up a wire that has been silent for three beats, and not one that answers',
  },
  {
    ...stream, file: 'src/dashboard/subscriptions.ts', name: 'one refused channel that keeps the others away',
    find: '    if (channels.length < 2) return;\n', replace: '    if (channels.length > 0) return;\n',
    shows: 'asks by halves for channels that were refused together, so that one bad one keeps no other away',
  },
  {
    ...stream, file: 'src/dashboard/live-store.ts', name: 'prices that change in mid-frame',
    find: '    else if (items.push(item) > itemsMax)', replace: '    this.#latest.set(key, item);\n    if (items !== undefined && items.push(item) > itemsMax)',
    shows: 'changes once a frame, and wakes only those whose key has changed',
  },
  {
    ...bars, file: 'src/dashboard/bars.ts', name: 'a stored bar that goes back to forming',
    find: 'further !== 0 ? further > 0 :', replace: 'further !== 0 ? further !== 0 :',
    shows: 'go from forming to provisional to closed and by revisions, and never back',
  },
  {
    ...bars, file: 'src/dashboard/bars.ts', name: 'a bar drawn anew, and those behind it not',
    find: 'first = Math.min(first ?? at, at);', replace: 'first = Math.max(first ?? at, at);',
    shows: 'come in any order and stand in order, each once',
  },
  {
    ...bars, file: 'src/dashboard/tabs/trading/time-points.ts', name: 'a gap that takes no room',
    find: 'time += step * stride) times.add(time);', replace: 'time += step * stride) times.delete(time);',
    shows: 'has a point for each bar, none for a night, and for a gap as many as it has windows',
  },
  {
    ...pages, file: 'src/server/page-routes.ts', name: 'one nonce for everybody',
    find: "randomBytes(16).toString('base64')", replace: "Buffer.alloc(16).toString('base64')",
    shows: 'lets in styles that carry the nonce of the answer, another one each time, and nothing else that is inline',
  },
  {
    ...pages, file: 'src/server/page-files.ts', name: 'a root at one depth only',
    find: "depth <= 0 ? './' : '../'.repeat(depth)", replace: "depth <= 0 ? './' : '../'",
    shows: 'at /trading/binance/XRPETH/1m finds its root at ../../../',
  },
  {
    ...news, name: 'a call for all that was before the first visit',
    find: 'new Set(seen ?? history.map(turnKey))', replace: 'new Set(seen ?? [])',
    shows: 'is nothing at the first visit, whatever has been',
  },
  {
    ...news, name: 'a call for what is told twice',
    find: '!known.has(turnKey(turn)) && known.add(turnKey(turn))', replace: '!known.has(turnKey(turn))',
    shows: 'calls once for what is new, however often and by whichever way it is told',
  },
  {
    ...news, name: 'a withdrawal of what nobody was told of',
    find: "state === 'triggered' || known.has", replace: "state !== 'triggered' || known.has",
    shows: 'calls for a withdrawal where it knows the alert, and not for one that it never told of',
  },
  {
    test: 'tests/dashboard/number-of.test.ts', file: 'src/dashboard/number-of.ts',
    name: 'a decimal comma that multiplies by a hundred',
    find: "  if (plain.includes(',') && !withThousands.test(plain)) return null;\n", replace: '',
    shows: '"0,25" is none',
  },
  {
    ...volume, name: 'a burst of volume that raises what it is measured by',
    find: 'bars.slice(at - n, at)', replace: 'bars.slice(at - n + 1, at + 1)',
    shows: 'the ratio is to the mean of the bars before, the own one left out',
  },
  {
    ...volume, name: 'a class of volume that ends below its bound',
    find: 'if (volume <= low)', replace: 'if (volume < low)',
    shows: 'classes are thirds by volume, with the moves of their bars',
  },
  {
    ...profile, name: 'a profile that gives each row the whole bar',
    find: ' / (until - from);\n', replace: ';\n',
    shows: 'a profile spreads each bar over its range, and marks where 70 % was traded',
  },
  {
    ...profile, name: 'a value area that grows to where less was traded',
    find: 'if (above >= below)', replace: 'if (above <= below)',
    shows: 'a profile spreads each bar over its range, and marks where 70 % was traded',
  },
];
