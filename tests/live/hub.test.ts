import { describe, expect, it } from 'vitest';
import type { StreamAlert } from '../../src/model/stream.ts';
import { dawn } from '../operators/fold-rig.ts';
import { barChannel, LiveRig, streamed } from './hub-rig.ts';

describe('a client of the hub', () => {
  it('is sent the newest state first, then what changes', () => {
    const rig = new LiveRig();
    rig.take([{ at: 100, price: 7 }]);
    const client = rig.connect().subscribe(barChannel('A', '1s'));
    expect(client.take()).toMatchObject([
      { type: 'subscribed', id: 1, subscriptions: 1 },
      { type: 'snapshot', seq: 1, changes: { bars: [{ symbol: 'A', open_ms: dawn, close: 7, trades: 1, state: 'forming' }] } },
    ]);
    rig.take([{ at: 200, price: 9 }, { at: 300, symbol: 'B' }]);
    rig.take([{ at: 310, symbol: 'B' }]);
    expect(client.take()).toEqual([
      { type: 'update', seq: 2, now_ms: rig.clock.nowMs(), changes: { bars: [streamed(rig.newestBar('venue', 'A', '1s')!)] } },
    ]);
  });

  it('sees a bar form, close, be revised, and what is missing in it', () => {
    const rig = new LiveRig();
    const client = rig.connect().subscribe(barChannel('A', '1s'));
    client.take();
    const states = (): unknown[] => client.takeChanges().flatMap(({ changes }) => changes.bars ?? [])
      .map(({ open_ms: openMs, state, revision, quality }) => [openMs - dawn, state, revision, quality]);
    rig.take([{ at: 100 }]);
    expect(states()).toEqual([[0, 'forming', 0, 'complete']]);
    rig.take([{ at: 1_500 }]);
    expect(states()).toEqual([[1_000, 'forming', 0, 'complete']]);
    rig.take([{ at: 3_100 }]);
    expect(states()).toEqual([[0, 'closed', 0, 'complete'], [3_000, 'forming', 0, 'complete']]);
    rig.take([{ at: 500 }]);
    expect(states()).toEqual([[0, 'closed', 1, 'complete']]);
    rig.takeGap({ fromMs: dawn + 200, untilMs: dawn + 3_050 });
    expect(states()).toEqual([[0, 'closed', 1, 'gap'], [1_000, 'forming', 0, 'gap'], [3_000, 'forming', 0, 'gap']]);
    rig.tellTime(dawn + 60_000);
    expect(states()).toEqual([[1_000, 'provisional', 0, 'gap'], [3_000, 'provisional', 0, 'gap']]);
  });

  it('may ask for what is not there yet, and is told once it comes', () => {
    const rig = new LiveRig();
    const client = rig.connect().subscribe(
      barChannel('NEW', '1s'), { channel: 'trades', venue: 'venue', symbol: 'NEW' },
      { channel: 'quotes', venue: 'venue', symbol: 'NEW' });
    expect(client.take()).toMatchObject([{ type: 'subscribed', subscriptions: 3 }, { type: 'snapshot', changes: {} }]);
    expect(rig.instruments.size).toBe(0);
    rig.take([{ at: 0, symbol: 'OTHER' }]);
    rig.take([{ at: 1, symbol: 'NEW', price: 4 }]);
    expect(client.take()).toMatchObject([{
      seq: 2, changes: { bars: [{ close: 4 }], trades: [{ price: 4, event_ms: dawn + 1 }], quotes: [{ price: 4 }] },
    }]);
  });

  it('is told what it may ask for instead', () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], indicators: ['rsi(14)@1m'], subscriptionsMax: 2 });
    const client = rig.connect();
    client.subscribe(barChannel('A', '1s'), barChannel('A', '5m'));
    client.subscribe({ channel: 'indicators', venue: 'venue', symbol: 'A', spec: '1m', indicator: 'sma(9)' });
    client.subscribe({ channel: 'indicators', venue: 'venue', symbol: 'A', spec: '1s', indicator: 'rsi(14)' });
    client.subscribe({ channel: 'quotes', symbol: 'A' });
    client.subscribe(barChannel('A', '1s'), barChannel('B', '1s'), barChannel('C', '1s'));
    client.subscribe(barChannel('x'.repeat(201), '1s'));
    client.client.conflate(7, 10_001);
    const { messages } = client;
    expect(messages.map((message) => message.type === 'refused' && [message.id, message.code, message.field])).toEqual([
      [1, 'bar-spec-unknown', 'channels.1.spec'],
      [2, 'indicator-unknown', 'channels.0.indicator'],
      [3, 'indicator-unknown', 'channels.0.indicator'],
      [4, 'channel-invalid', 'channels.0.venue'],
      [5, 'subscriptions-max', 'channels'],
      [6, 'channel-invalid', 'channels.0.symbol'],
      [7, 'conflate-invalid', 'ms'],
    ]);
    expect(messages[0]).toMatchObject({ message: expect.stringContaining('1s, 1m') });
    expect(messages[1]).toMatchObject({ message: expect.stringContaining('rsi(14)') });
    expect(client.client.subscriptions).toBe(0);
  });

  it('is told nothing of what it does not ask for any more', () => {
    const rig = new LiveRig();
    const client = rig.connect().subscribe(barChannel('A', '1s'), barChannel('B', '1s'));
    client.take();
    client.client.unsubscribe(8, [barChannel('A', '1s'), barChannel('C', '1s')]);
    expect(client.take()).toEqual([{ type: 'unsubscribed', id: 8, subscriptions: 1 }]);
    rig.take([{ at: 0, symbol: 'A' }, { at: 1, symbol: 'B' }]);
    expect(client.takeChanges().map(({ changes }) => changes.bars?.map(({ symbol }) => symbol))).toEqual([['B']]);
    client.client.close();
    client.client.close();
    rig.take([{ at: 2, symbol: 'B' }]);
    client.subscribe(barChannel('A', '1s'));
    expect(client.take()).toEqual([]);
    expect(rig.hub.status).toMatchObject({ clients: 0, subscriptions: 0 });
  });

  it('is sent what it did not lack once, when it subscribes to more', () => {
    const rig = new LiveRig({ conflateMs: 100 });
    const trades = { channel: 'trades', venue: 'venue', symbol: 'A' } as const;
    const client = rig.connect().subscribe(trades);
    for (let n = 0; n < 3; n++) rig.take([{ at: n, price: n + 1 }]);
    client.subscribe(trades, barChannel('A', '1s'));
    const told = client.takeChanges().flatMap(({ changes }) => changes.trades ?? []);
    expect(told.map(({ price }) => price)).toEqual([1, 2, 3]);
  });

  it('is sent everything anew when it asks', () => {
    const rig = new LiveRig();
    const client = rig.connect().subscribe(barChannel('A', '1s'), { channel: 'quotes' });
    rig.take([{ at: 0, price: 5 }, { at: 0, symbol: 'B', price: 6 }]);
    client.take();
    client.client.resync(3);
    expect(client.take()).toMatchObject([
      { type: 'snapshot', seq: 3, changes: { bars: [{ symbol: 'A', close: 5 }], quotes: [{ price: 5 }, { price: 6 }] } },
    ]);
    expect(rig.hub.status.snapshots).toEqual({ subscribe: 1, resync: 1, slow: 0 });
  });
});

describe('what a client can be told', () => {
  it('of trades is the newest hundred, and how many are not there', async () => {
    const rig = new LiveRig({ conflateMs: 1_000 });
    const client = rig.connect().subscribe({ channel: 'trades', venue: 'venue', symbol: 'A' });
    rig.take([{ at: 0, price: 1, side: 2 }]);
    expect(client.takeChanges().at(-1)!.changes).toEqual({
      trades: [{ venue: 'venue', symbol: 'A', event_ms: dawn, price: 1, size: 1, side: 'sell' }],
    });
    for (let batch = 0; batch < 5; batch++) rig.take(Array.from({ length: 50 }, (_, n) => ({ at: 1, price: 2 + batch * 50 + n })));
    await rig.clock.advance(2_000);
    const { trades, trades_skipped: skipped } = client.takeChanges()[0].changes;
    expect([trades!.length, trades![0].price, trades!.at(-1)!.price, skipped]).toEqual([100, 152, 251, 150]);
  });

  it('of a price is the newest by event time, with the close of the day before', () => {
    const rig = new LiveRig({ specs: ['1h', '1d'] });
    const day = 86_400_000;
    rig.hub.seedClose({ venue: 'venue', symbol: 'A', openMs: dawn - day, close: 40 }); // Nobody has heard of it yet.
    rig.take([{ at: 5, price: 50 }]);
    const client = rig.connect().subscribe({ channel: 'quotes', venue: 'venue', symbol: 'A' });
    const quote = (): unknown => client.takeChanges().at(-1)?.changes.quotes
      ?.map(({ price, previous_close: close, event_ms: at }) => [price, close, at - dawn]);
    expect(quote()).toEqual([[50, null, 5]]);
    rig.hub.seedClose({ venue: 'venue', symbol: 'A', openMs: dawn - day, close: 40 });
    rig.take([{ at: 4, price: 51 }, { at: 8, price: 52 }, { at: 7, price: 53 }]);
    expect(quote()).toEqual([[52, 40, 8]]);
    rig.take([{ at: day + 5_000, price: 60 }]);
    expect(quote()).toEqual([[60, 52, day + 5_000]]);
  });

  it('of quotes is all of them, or those of a venue', () => {
    const rig = new LiveRig();
    const [all, some] = [rig.connect().subscribe({ channel: 'quotes' }), rig.connect().subscribe({ channel: 'quotes', venue: 'x' })];
    rig.take([{ at: 0, venue: 'x', symbol: 'A' }, { at: 0, venue: 'y', symbol: 'A' }]);
    rig.take([{ at: 1, venue: 'y', symbol: 'A' }]);
    const told = (client: typeof all): unknown => client.takeChanges().slice(1).map(({ changes }) => changes.quotes?.map(({ venue }) => venue));
    expect(told(all)).toEqual([['x', 'y'], ['y']]);
    expect(told(some)).toEqual([['x']]);
  });

  it('of indicators is each value of each emitted bar, and that of the bar that forms, marked as such', () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], indicators: ['rsi(2)@1s'] });
    const client = rig.connect().subscribe({ channel: 'indicators', venue: 'venue', symbol: 'A', spec: '1s', indicator: 'rsi(2)' });
    for (const [second, price] of [10, 11, 10, 12, 9, 9, 9].entries()) rig.take([{ at: second * 1_000, price }]);
    const told = client.takeChanges().flatMap(({ changes }) => changes.values ?? []);
    const values = told.filter(({ state }) => state !== 'forming');
    expect(values.map(({ open_ms: openMs, value, state }) => [openMs - dawn, value, state])).toEqual(
      rig.values.map(({ openAt, value }) => [openAt, value, 'closed']));
    expect(values.slice(0, 3).map(({ value }) => value)).toEqual([null, null, 50]);
    // Of those that form each has a value for each tick that came before it closed, its own and those of the two before it.
    expect(new Set(told.filter(({ state }) => state === 'forming').map(({ open_ms: openMs }) => openMs - dawn))).toEqual(
      new Set([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]));
    rig.tellTime(dawn + 60_000);
    client.take();
    rig.take([{ at: 60_500, price: 20 }]);
    const forming = client.takeChanges()[0].changes.values!.at(-1)!;
    rig.end();
    const closed = client.takeChanges()[0].changes.values!.at(-1)!;
    expect(forming).toEqual({ ...closed, state: 'forming' });
    expect(Object.keys(values[0])).toEqual([
      'venue', 'symbol', 'spec', 'indicator', 'open_ms', 'bar_index', 'value', 'state', 'quality', 'revision']);
  });

  it('of the bars that form is each that has changed itself, and all of them at first', () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], indicators: ['sma(2)@1s'] });
    const value = { channel: 'indicators', venue: 'venue', symbol: 'A', spec: '1s', indicator: 'sma(2)' } as const;
    rig.take([{ at: 500, price: 1 }, { at: 1_500, price: 3 }, { at: 2_400, price: 5 }]);
    const client = rig.connect().subscribe(barChannel('A', '1s'), barChannel('A', '1m'), value);
    const told = (): unknown => client.takeChanges().map(({ changes: { bars = [], values = [] } }) => [
      bars.map(({ spec, open_ms: openMs, close, state }) => [spec, openMs - dawn, close, state]),
      values.map(({ open_ms: openMs, value: of, state }) => [openMs - dawn, of, state])]);
    expect(told()).toEqual([[
      [['1s', 0, 1, 'forming'], ['1s', 1_000, 3, 'forming'], ['1s', 2_000, 5, 'forming'], ['1m', 0, 5, 'forming']],
      [[0, null, 'forming'], [1_000, 2, 'forming'], [2_000, 4, 'forming']],
    ]]);
    rig.take([{ at: 1_600, price: 7 }]); // Into the one in the middle: its value, and that of the one behind it.
    expect(told()).toEqual([[
      [['1s', 1_000, 7, 'forming'], ['1m', 0, 5, 'forming']], [[1_000, 4, 'forming'], [2_000, 6, 'forming']],
    ]]);
    rig.take([{ at: 3_100, price: 9 }]);
    expect(told()).toEqual([[
      [['1s', 0, 1, 'closed'], ['1s', 3_000, 9, 'forming'], ['1m', 0, 9, 'forming']],
      [[0, null, 'closed'], [3_000, 7, 'forming']],
    ]]);
    client.client.resync(9);
    const [[bars]] = told() as [[unknown[]]];
    expect(bars).toEqual([['1s', 1_000, 7, 'forming'], ['1s', 2_000, 5, 'forming'], ['1s', 3_000, 9, 'forming'], ['1m', 0, 9, 'forming']]);
  });

  it('of gaps, alerts and health is each that comes, and the newest at first', () => {
    const rig = new LiveRig();
    const alertOf = (id: string): StreamAlert => ({
      id, rule_id: 'r', venue: 'venue', symbol: 'A', spec: '1s', open_ms: dawn, event_ms: dawn, state: 'triggered', value: 1, words: 'w',
    });
    const early = rig.connect().subscribe({ channel: 'gaps' }, { channel: 'alerts' });
    rig.takeGap({ fromMs: dawn, untilMs: dawn + 5 });
    rig.instruments.intern('venue', 'A');
    rig.takeGap({ fromMs: dawn, untilMs: dawn + 5, instruments: Int32Array.of(0), reason: 'dropped-batch' });
    rig.hub.publishAlerts([alertOf('1'), alertOf('2')]);
    rig.hub.publishAlerts([]);
    const { lane } = { lane: rig.lane.name };
    const gaps = [
      { lane, venue: '', symbol: '', spec: '', from_ms: dawn, until_ms: dawn + 5, reason: 'venue-outage' },
      { lane, venue: 'venue', symbol: 'A', spec: '', from_ms: dawn, until_ms: dawn + 5, reason: 'dropped-batch' },
    ];
    const alerts = [alertOf('1'), alertOf('2')];
    expect(early.takeChanges().map(({ changes }) => changes)).toEqual([{}, { gaps: [gaps[0]] }, { gaps: [gaps[1]] }, { alerts }]);
    const late = rig.connect().subscribe({ channel: 'alerts' }, { channel: 'gaps' });
    expect(late.takeChanges().map(({ changes }) => changes)).toEqual([{ gaps, alerts }]);
  });

  it('never is news of another symbol, whatever the names', () => {
    const rig = new LiveRig({ specs: ['1s'] });
    const names = ['__proto__', 'a","b', 'ü€', 'constructor'];
    const clients = names.map((symbol) => rig.connect().subscribe(barChannel(symbol, '1s')));
    for (const symbol of names) rig.take([{ at: 1, symbol }]);
    for (const [index, client] of clients.entries()) {
      expect([...client.bars.values()].map(({ symbol }) => symbol)).toEqual([names[index]]);
    }
  });
});

describe('a lane that changes hands', () => {
  it('takes its forming bars along, and the next one shows its own', () => {
    const rig = new LiveRig();
    rig.take([{ at: 100, price: 7 }]);
    const client = rig.connect().subscribe(barChannel('A', '1s'));
    rig.hub.laneClosed(rig.lane);
    client.take();
    client.client.resync(2);
    expect(client.takeChanges()[0].changes).toEqual({});
    rig.hub.laneOpened(rig.view);
    rig.hub.settled();
    expect(client.takeChanges()).toMatchObject([{ type: 'update', changes: { bars: [{ close: 7, state: 'forming' }] } }]);
  });
});
