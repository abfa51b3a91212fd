import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import type { Channel, StreamBar } from '../../src/model/stream.ts';
import { dawn } from '../operators/fold-rig.ts';
import { cuts, foldInCuts, itemsOf, steps } from '../operators/plain-log.ts';
import { LiveRig, streamed, streamedValue, streamKey, valueStreamKey, type TestClient } from './hub-rig.ts';

const specs = ['1s', '5s', '1m'];
const names = ['x', 'y'].flatMap((venue) => ['A', 'B', '__proto__'].map((symbol) => ({ venue, symbol })));
const indicators = ['sma(2)@1s', 'ema(3)@1m', 'rsi(2)@1m'];
const channels: readonly (Channel & { channel: 'bars' | 'indicators' })[] = names.flatMap((of) => [
  ...specs.map((spec) => ({ channel: 'bars', ...of, spec } as const)),
  ...indicators.map((line) => {
    const [indicator, spec] = line.split('@');
    return { channel: 'indicators', ...of, spec, indicator } as const;
  }),
]);

/** What happens between two stretches of the log. */
type Act =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly client: number; readonly channels: readonly number[] }
  | { readonly kind: 'conflate'; readonly client: number; readonly ms: number }
  | { readonly kind: 'stick' | 'drain' | 'resync'; readonly client: number }
  | { readonly kind: 'time' };

const clientsCount = 3;
const client = fc.nat({ max: clientsCount - 1 });
const some = fc.uniqueArray(fc.nat({ max: channels.length - 1 }), { minLength: 1, maxLength: 8 });
const acts = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), client, channels: some }) },
  fc.record({ kind: fc.constant('unsubscribe' as const), client, channels: some }),
  fc.record({ kind: fc.constant('conflate' as const), client, ms: fc.constantFrom(0, 40, 1_000) }),
  fc.record({ kind: fc.constantFrom('stick' as const, 'drain' as const, 'resync' as const), client }),
  fc.record({ kind: fc.constant('time' as const) }),
);

interface Follower {
  readonly client: TestClient;
  /** By channel: rows, or values, that had been emitted when it subscribed. */
  readonly since: Map<number, number>;
  hasAsked: boolean;
}

function act(rig: LiveRig, followers: readonly Follower[], { done, item }: { done: Act; item: number }): Promise<void> | void {
  if (done.kind === 'wait') return rig.clock.advance(done.ms);
  if (done.kind === 'time') {
    rig.tellTime(dawn + item * 1_000);
    return;
  }
  const follower = followers[done.client];
  switch (done.kind) {
    case 'subscribe':
      for (const channel of done.channels) {
        const emitted = channels[channel].channel === 'bars' ? rig.rows : rig.values;
        if (!follower.since.has(channel)) follower.since.set(channel, emitted.length);
      }
      follower.client.subscribe(...done.channels.map((channel) => channels[channel]));
      return;
    case 'unsubscribe':
      for (const channel of done.channels) follower.since.delete(channel);
      return follower.client.client.unsubscribe(1, done.channels.map((channel) => channels[channel]));
    case 'conflate': return follower.client.client.conflate(1, done.ms);
    case 'stick':
      follower.client.isStuck = true;
      return;
    case 'drain': return follower.client.drain();
    case 'resync':
      follower.hasAsked = true;
      return follower.client.client.resync(1);
  }
}

/** What is wrong with what a client has put together, in words. */
function faultsOf(rig: LiveRig, { client: seen, since, hasAsked }: Follower): string[] {
  const faults = seen.holes.map((seq) => `a hole before ${seq}`);
  for (const [index, subscribedAt] of since) {
    const channel = channels[index];
    // Behind a snapshot of everything older rows are the API's; who saw no hole and did not ask has had every row since it came.
    const snapshotAt = channel.channel === 'bars' ? seen.rowsAtSnapshot : seen.valuesAtSnapshot;
    const from = hasAsked || seen.missed > 0 ? Math.max(subscribedAt, snapshotAt) : subscribedAt;
    const expected = channel.channel === 'bars' ? barsOf(rig, channel, from) : valuesOf(rig, channel, from);
    for (const [key, row] of expected) {
      const own = JSON.stringify((channel.channel === 'bars' ? seen.bars : seen.values).get(key));
      if (own !== JSON.stringify(row)) faults.push(`has ${own} in the place of ${JSON.stringify(row)}`);
    }
  }
  return faults;
}

function barsOf(rig: LiveRig, { venue, symbol, spec }: Channel & { channel: 'bars' }, from: number): Map<string, unknown> {
  const expected = new Map<string, StreamBar>();
  for (const row of rig.rows.slice(from)) {
    if (row.venue === venue && row.symbol === symbol && row.spec === spec) expected.set(streamKey(streamed(row)), streamed(row));
  }
  for (const newest of rig.newestBars(venue, symbol, spec)) expected.set(streamKey(streamed(newest)), streamed(newest));
  return expected;
}

function valuesOf(rig: LiveRig, channel: Channel & { channel: 'indicators' }, from: number): Map<string, unknown> {
  const { venue, symbol, spec, indicator } = channel;
  const expected = new Map<string, unknown>();
  for (const row of rig.values.slice(from)) {
    if (row.venue !== venue || row.symbol !== symbol || row.spec !== spec || row.indicator !== indicator) continue;
    expected.set(valueStreamKey(streamedValue(row)), streamedValue(row));
  }
  const rows = new IndicatorColumns(4);
  rig.view.newestValues(rig.instruments.intern(venue, symbol), specs.indexOf(spec), rows);
  for (let row = 0; row < rows.length; row++) {
    if (indicators[rows.line[row]] !== `${indicator}@${spec}`) continue;
    const newest = streamedValue({
      venue, symbol, spec, indicator, openAt: rows.openTimeMs[row] - dawn,
      value: Number.isNaN(rows.value[row]) ? null : rows.value[row], state: rows.state[row], quality: rows.quality[row],
      revision: rows.revision[row], whole: rows.whole[row] === 1,
    });
    expected.set(valueStreamKey(newest), newest);
  }
  return expected;
}

describe('what a client has put together in the end', () => {
  it('is what the operators emitted and what is forming, whatever it did', async () => {
    const met = { rows: 0, forming: 0, values: 0, formingValues: 0, slow: 0 };
    await fc.assert(fc.asyncProperty(
      steps, cuts, fc.array(fc.tuple(fc.nat({ max: 250 }), acts), { maxLength: 40 }), fc.constantFrom(262_144, 500),
      async (log, cut, plan, bufferBytes) => {
        const rig = new LiveRig({ specs, indicators, settings: { ids: 'unique' }, conflateMs: 40, bufferBytes });
        const followers = Array.from({ length: clientsCount }, (): Follower => (
          { client: rig.connect(), since: new Map(), hasAsked: false }));
        const items = itemsOf(log);
        let from = 0;
        for (const [until, done] of plan.toSorted(([a], [b]) => a - b)) {
          foldInCuts(items.slice(from, until), cut, rig);
          from = Math.min(until, items.length);
          await act(rig, followers, { done, item: until });
        }
        foldInCuts(items.slice(from), cut, rig);
        for (const { client: last } of followers) last.drain();
        await rig.clock.advance(20_000);
        expect(followers.flatMap((follower) => faultsOf(rig, follower))).toEqual([]);
        met.slow += rig.hub.status.snapshots.slow;
        for (const { client: { bars, values } } of followers) {
          for (const { state } of bars.values()) met[state === 'forming' ? 'forming' : 'rows']++;
          for (const { state } of values.values()) met[state === 'forming' ? 'formingValues' : 'values']++;
        }
      }), { numRuns: 500 });
    expect(Math.min(...Object.values(met))).toBeGreaterThan(50); // A comparison of nothing would prove little.
  });
});
