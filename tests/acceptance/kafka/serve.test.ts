import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamBar } from '../../../src/model/stream.ts';
import type { Database } from '../../../src/postgres.ts';
import { createClient } from '../../../src/kafka/client.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { kafkaValues } from '../../support/kafka-run.ts';
import { TestSocket } from '../../server/stream/stream-rig.ts';

const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const limit = { deadlineMs: 30_000 };
const startMs = 1_600_000_000_000;
const symbols = ['A', 'B', 'C'];

const config = (kafka: TestKafka): string => `
name: beside
sources:
  - { name: ticks, type: kafka, topics: [ticks], brokers: ["${kafka.bootstrap}"], group_id: of-run, venue: x, ids: monotone,
      fields: { event_time: ts, trade_id: id } }
  - { name: demo, type: synthetic, symbols: 1, ticks_per_second: 5, speed: "1", venue: demo }
bars: { specs: [1s, 5s, 1m], out_of_orderness_ms: 500, allowed_lateness_ms: 2000, idle_ms: 600000 }
indicators: { specs: ["sma(3)@1s"] }
checkpoint: { interval_ms: 200 }
`;

/** A symbol stands in one partition: two thirds of the ticks in the first. */
const partitionOf = (id: number): number => (id % 3 === 2 ? 1 : 0);

/** Ten ticks a second of event time, some late. */
function records(from: number, until: number): { partition: number; value: string; timestampMs: number }[] {
  return Array.from({ length: until - from }, (_, index) => {
    const id = from + index;
    const lateMs = id % 17 === 0 ? 1_500 : 0;
    const ts = startMs + id * 100 - lateMs;
    const symbol = symbols[id % 3];
    return {
      partition: partitionOf(id), timestampMs: startMs + id * 100,
      value: JSON.stringify({ id: id + 1, ts, symbol, price: 10 + ((id * 7) % 50) / 10, size: 1 + (id % 5), side: id % 2 === 0 ? 'buy' : 'sell' }),
    };
  });
}

interface Status {
  readonly lanes: readonly { name: string; position: number; generation: number; checkpoint: { position: number | null; written: number } }[];
  readonly rows: { emitted: number; committed: number };
}

describe.skipIf(why !== null)(`mdp serve beside mdp run${leftOut}`, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let database: Database;
  let run: DaemonProcess;
  const daemons: DaemonProcess[] = [];
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(), TestKafka.start()]);
    await kafka.createTopic('ticks', { partitions: 2 });
    database = postgres.connect();
    await kafka.produce('ticks', records(0, 600));
    run = start('run', postgres.url());
    await run.ready();
    // A user that may read, and nothing else: whatever else is wanted is an error.
    await database.query(limit, 'CREATE ROLE looker LOGIN');
    await eventually(() => reached(run, 600));
    await database.query(limit, 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker');
  });
  afterAll(async () => {
    for (const socket of sockets) socket.end();
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  const start = (command: 'run' | 'serve', url: string): DaemonProcess => {
    const daemon = new DaemonProcess({ config: config(kafka), command, environment: { DATABASE_URL: url, ENABLE_RATE_LIMIT: 'false' } });
    daemons.push(daemon);
    return daemon;
  };
  const startServe = (): DaemonProcess => start('serve', postgres.url({ user: 'looker' }));
  const kafkaLanes = async (daemon: DaemonProcess): Promise<Status['lanes']> =>
    (await daemon.status<Status>()).lanes.filter(({ name }) => name.startsWith('beside/ticks/'));
  /** So many ticks of the topic are folded. */
  const reached = async (daemon: DaemonProcess, ticks: number): Promise<boolean> =>
    (await kafkaLanes(daemon)).reduce((sum, { position }) => sum + position, 0) === ticks;
  const settled = async (ticks: number): Promise<void> => eventually(async () => {
    const { rows: [{ sum }] } = await database.query<{ sum: number }>(
      limit, "SELECT sum(position)::integer AS sum FROM lane_checkpoints WHERE lane LIKE 'beside/ticks/%'");
    return sum === ticks;
  });
  const groups = async (): Promise<string[]> => {
    const admin = createClient({ values: kafkaValues({ brokers: [kafka.bootstrap] }), log: () => {} }).admin();
    await admin.connect();
    const { groups: found } = await admin.listGroups();
    await admin.disconnect();
    return found.map(({ groupId }) => groupId).toSorted();
  };
  /** Every row of every table that is about the topic: the generator beside it goes on. */
  const stored = async (): Promise<unknown> => {
    const tables = ['lanes', 'lane_checkpoints', 'bars', 'gaps', 'late_ticks', 'indicators'];
    const texts = await Promise.all(tables.map(async (table) => {
      const lane = table === 'lanes' ? 'name' : 'lane';
      const { rows: [row] } = await database.query<{ digest: string; count: string }>(limit,
        `SELECT md5(string_agg(one, ',' ORDER BY one)) AS digest, count(*) FROM
           (SELECT t::text AS one FROM ${table} t WHERE ${lane} LIKE 'beside/ticks/%') AS all_rows`);
      return [table, row];
    }));
    const { rows: all } = await database.query<{ name: string }>(limit, 'SELECT name FROM lanes ORDER BY name');
    return { texts, lanes: all.map(({ name }) => name) };
  };
  const watch = async (daemon: DaemonProcess): Promise<{ client: TestSocket; bars: Map<string, StreamBar> }> => {
    const client = await TestSocket.open(await daemon.ready());
    sockets.push(client);
    const bars = new Map<string, StreamBar>();
    client.socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { changes?: { bars?: StreamBar[] } };
      for (const bar of message.changes?.bars ?? []) bars.set(`${bar.symbol} ${bar.spec} ${bar.open_ms}`, bar);
    });
    const channels = symbols.flatMap((symbol) => ['1s', '5s', '1m'].map((spec) => ({ channel: 'bars', venue: 'x', symbol, spec })));
    client.say({ type: 'conflate', id: 1, ms: 0 });
    client.say({ type: 'subscribe', id: 2, channels });
    await client.hears('subscribed');
    return { client, bars };
  };

  it('shows the bars that run shows, forming and closed ones, and they are those that run stores', async () => {
    const serve = startServe();
    await serve.ready();
    await eventually(() => reached(serve, 600));
    const [ofRun, ofServe] = [await watch(run), await watch(serve)];
    await kafka.produce('ticks', records(600, 1_200));
    await eventually(async () => (await reached(run, 1_200)) && (await reached(serve, 1_200)));
    await settled(1_200);
    await eventually(() => isDeepStrictEqual(ofRun.bars, ofServe.bars), 10_000).catch(() => {});
    expect(Object.fromEntries(ofServe.bars)).toEqual(Object.fromEntries(ofRun.bars));
    const shown = [...ofServe.bars.values()];
    expect(shown.filter(({ state }) => state === 'forming').length).toBeGreaterThanOrEqual(symbols.length);
    expect(shown.some(({ revision }) => revision > 0)).toBe(true);
    const closed = shown.filter(({ state }) => state === 'closed');
    expect(closed.length).toBeGreaterThan(150);
    const { rows } = await database.query<{ key: string; close: number; volume: number; revision: number }>(limit,
      `SELECT symbol || ' ' || bar_spec || ' ' || (extract(epoch FROM open_time) * 1000)::bigint AS key, close, volume, revision
         FROM bars WHERE venue = 'x'`);
    const inTable = new Map(rows.map(({ key, ...row }) => [key, row]));
    for (const bar of closed) {
      const { close, volume, revision } = bar;
      expect(inTable.get(`${bar.symbol} ${bar.spec} ${bar.open_ms}`)).toEqual({ close, volume, revision });
    }
    expect(serve.log).not.toMatch(/permission denied|read-only/);
    expect(serve.log).toContain('The log of source demo cannot be read a second time');
    await serve.stop();
  });

  it('changes nothing in the database, and nothing of the group of run', async () => {
    await settled(1_200);
    const before = { stored: await stored(), group: await kafka.group('of-run'), groups: await groups() };
    expect(before.groups).toEqual(['of-run']);
    const serve = startServe();
    await serve.ready();
    await eventually(() => reached(serve, 1_200));
    const during = await groups();
    expect(during).toEqual(['of-run', expect.stringMatching(/^of-run\.serve\.[\w-]{36}$/)]);
    expect((await kafka.group(during[1])).committed).toEqual({});
    expect((await fetch(`${await serve.ready()}/api/bars?venue=x&symbol=A&spec=1s&limit=5`)).status).toBe(200);
    expect(await serve.stop()).toBe(0);
    expect({ stored: await stored(), group: await kafka.group('of-run'), groups: await groups() }).toEqual(before);
  });

  it('waits for a lane that nobody has taken up, and goes on when it is', async () => {
    const name = await postgres.createDatabase(true);
    const serve = start('serve', postgres.url({ database: name }));
    await serve.logged('Nobody has taken up lane beside/ticks/ticks/0 yet');
    expect(await serve.stop()).toBe(0);
  });

  it('refuses to start where there is no database to look at, and says what to do', async () => {
    const { DATABASE_URL: _unused, ...rest } = process.env;
    const serve = new DaemonProcess({ config: config(kafka), command: 'serve', environment: { ...rest as Record<string, string> } });
    expect(await serve.ended()).toBe(3);
    expect(serve.log).toContain('Start `mdp run` first, or set DATABASE_URL');
    await serve.stop();
  });
});
