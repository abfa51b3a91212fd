import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/kafka/client.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka, type RecordToWrite } from '../../support/kafka.ts';
import { Program, type Answer } from '../../support/program.ts';

/*
 * One daemon that reads a topic of two partitions, with the embedded database; the commands are processes of their own
 * beside it. The tests go through the life of its letters one after the other.
 */

const folder = mkdtempSync(path.join(tmpdir(), 'mdp-letters-'));
const configFile = path.join(folder, 'config.yaml');
const dataDir = path.join(folder, 'data');
const noonMs = Date.UTC(2024, 0, 1, 12);
const why = whyNoKafka();

function tick(id: number, second: number, values: object = {}): object {
  return { trade_id: id, event_time_ms: noonMs + second * 1_000, side: 'buy', price: 100 + second, size: 1, symbol: 'BTC', ...values };
}
const record = (value: object | string, rest: Partial<RecordToWrite> = {}): RecordToWrite =>
  ({ partition: 1, key: 'BTC', value: typeof value === 'string' ? value : JSON.stringify(value), ...rest });

interface LetterList {
  readonly letters: readonly { readonly key: string; readonly place: string; readonly reason: string }[];
}

/** The names of all groups that the broker knows. */
async function groupsOf(broker: string): Promise<string[]> {
  const ssl = { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true };
  const sasl = { mechanism: 'none', username: null, password: null } as const;
  const values = { brokers: [broker], client_id: 'test', connect_timeout_ms: 5_000, request_timeout_ms: 5_000, ssl, sasl };
  const admin = createClient({ values, log: () => {} }).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  return groups.map(({ groupId }) => groupId);
}

describe.skipIf(why !== null)(`mdp dead-letters of a topic${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  let daemon: DaemonProcess;
  beforeAll(async () => {
    kafka = await TestKafka.start();
    await kafka.createTopic('trades', { partitions: 2 });
    await kafka.produce('trades', [
      record(tick(1, 0)), record('oops', { headers: [['trace', 'a1'], ['trace', 'a2']] }), record(tick(2, 1, { size: 0 })),
      record(JSON.stringify([tick(3, 2), tick(4, 3, { size: 0 })])), record(tick(5, 60)), record('{"gone"'),
    ]);
    const config = `name: desk
sources:
  - { name: topic, type: kafka, topics: [trades], brokers: ["${kafka.bootstrap}"], venue: binance, session_timeout_ms: 6000 }
bars: { specs: [1s], out_of_orderness_ms: 0, allowed_lateness_ms: 3600000 }
`;
    writeFileSync(configFile, config);
    daemon = new DaemonProcess({ config, dataDir });
    await daemon.ready();
    await eventually(async () => (await list()).length === 4);
  });
  afterAll(async () => {
    await daemon.stop();
    await kafka.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const letters = (...args: readonly string[]): Promise<Answer> =>
    new Program(['dead-letters', ...args, '--file', configFile], { DATA_DIR: dataDir }).ended();
  async function list(): Promise<LetterList['letters']> {
    const { out } = await letters('list', '--json');
    return out === '' ? [] : (JSON.parse(out) as LetterList).letters;
  }
  const keyAt = (offset: number): string => `desk/topic/trades/1@1:${offset}.tick.0`;
  const last = async (): Promise<object> => {
    const { offset, key, value, headers } = (await kafka.read('trades')).findLast(({ partition }) => partition === 1)!;
    return { offset, key: String(key), value: String(value), headers: headers.map(([name, bytes]) => [name, String(bytes)]) };
  };
  async function volumeOf(second: number): Promise<number | undefined> {
    const from = new Date(noonMs + second * 1_000).toISOString();
    const query = new URLSearchParams({ venue: 'binance', symbol: 'BTC', spec: '1s', from, limit: '1' });
    const base = (await daemon.ready()).replace(/\/health$/, '');
    const page = await (await fetch(`${base}/api/bars?${query.toString()}`)).json() as { bars: { open_time: string; volume: number }[] };
    return page.bars.find(({ open_time: openTime }) => Date.parse(openTime) === Date.parse(from))?.volume;
  }

  it('does not produce what would be rejected again', async () => {
    const { code, out } = await letters('replay', keyAt(1));
    expect(out).toContain('stays: It would be rejected again, as malformed');
    expect(code).toBe(7);
    expect(await last()).toMatchObject({ offset: 5 });
  });

  it('produces the original message to its partition once more when it is forced, with its key and its headers', async () => {
    const { code, out } = await letters('replay', keyAt(1), '--force');
    expect(out).toContain(`${keyAt(1)}: the record stands at trades/1:6 now`);
    expect(code).toBe(0);
    expect(await last()).toEqual({ offset: 6, key: 'BTC', value: 'oops', headers: [['trace', 'a1'], ['trace', 'a2']] });
    await eventually(async () => (await list()).some(({ key }) => key === keyAt(6)));
  });

  it('produces a corrected value, line breaks and all, with the key and the headers of the original', async () => {
    const fixed = path.join(folder, 'fixed.json');
    writeFileSync(fixed, `${JSON.stringify(tick(7, 4), null, 2)}\n`);
    const { code } = await letters('replay', keyAt(6), '--fixed', fixed);
    expect(code).toBe(0);
    expect(await last()).toEqual({
      offset: 7, key: 'BTC', value: `${JSON.stringify(tick(7, 4), null, 2)}\n`, headers: [['trace', 'a1'], ['trace', 'a2']],
    });
    await eventually(async () => (await volumeOf(4)) === 1);
  });

  it('produces the message of a tick that was read and then refused, when the settings take it now', async () => {
    expect((await letters('replay', keyAt(2))).out).toContain('rejected again, as bad-size');
    const { code } = await letters('replay', keyAt(2), '--set', 'sources.topic.zero_size=accept');
    expect(code).toBe(0);
    expect(await last()).toMatchObject({ offset: 8, value: JSON.stringify(tick(2, 1, { size: 0 })) });
  });

  it('does not produce a list once more for one of its ticks: the others would count twice', async () => {
    const key = (await list()).find(({ place }) => place === 'trades/1:3')!.key;
    const { code, out } = await letters('replay', key, '--force', '--set', 'sources.topic.zero_size=accept');
    expect(out).toContain('trades/1:3 carries other ticks too');
    expect(code).toBe(7);
    expect(await last()).toMatchObject({ offset: 8 });
  });

  it('leaves the members of the group alone', async () => {
    expect(daemon.log.match(/"The lane desk\/topic\/trades\/[01] /g)).toHaveLength(2); // Once each.
    expect(await groupsOf(kafka.bootstrap)).toEqual(['mdp']);
  });

  it('keeps a letter whose message has gone, or cannot be looked for', async () => {
    await kafka.deleteRecords('trades', 1, 6);
    expect((await letters('replay', keyAt(5))).out).toContain('trades/1:5 is not in the log any more');
    const other = ['--set', 'sources.topic.topics=others'];
    expect((await letters('replay', keyAt(5), ...other)).out).toContain('topic trades, which it reads no more');
    const nobody = ['--set', 'sources.topic.brokers=127.0.0.1:1', '--force'];
    expect(await letters('replay', keyAt(5), ...nobody)).toMatchObject({ code: 7, out: expect.stringContaining('Could not ask for the cluster') as string });
  });

  it('keeps a letter of a tick whose place another message has in a topic that was made anew', async () => {
    expect((await list()).map(({ key }) => key)).toContain(keyAt(8));
    await kafka.deleteTopic('trades');
    await kafka.createTopic('trades', { partitions: 2 });
    await kafka.produce('trades', Array.from({ length: 10 }, (_, index) => record(tick(100 + index, 200 + index))));
    const { code, out } = await letters('replay', keyAt(8), '--set', 'sources.topic.zero_size=accept');
    expect(out).toContain('Another record stands at trades/1:8 now');
    expect(code).toBe(7);
    expect(await last()).toMatchObject({ offset: 9 });
  });
});
