import { afterEach, describe, expect, it } from 'vitest';
import type { RecentMessage } from '../../src/model/message.ts';
import { openTestServer, type TestServer, type TestServerOptions } from '../support/http-server.ts';
import { jsonOf } from '../support/json.ts';

const opened: TestServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function open(messages: readonly RecentMessage[], options: TestServerOptions = {}): Promise<TestServer> {
  const recentTopics = { of: (topic: string) => (topic === 'trade-data' ? messages : null) };
  const server = await openTestServer({ recentTopics, ...options });
  opened.push(server);
  return server;
}

function messageOf(value: Buffer | null, rest: Partial<RecentMessage> = {}): RecentMessage {
  return {
    partition: 2, offset: 2 ** 40, timestampMs: 1_570_752_000_123, key: Buffer.from('XRPETH'), value, keyBytes: 6,
    valueBytes: value?.length ?? 0, ...rest,
  };
}

const both = ['/api/topics/trade-data/recent', '/api/kafka?topic=trade-data'];
const shownAt = async (server: TestServer, path: string): Promise<Record<string, unknown>[]> => {
  const { messages }: { messages: Record<string, unknown>[] } = await jsonOf(await server.get(path));
  return messages;
};

describe('the recent messages of a topic', () => {
  it.each(both)('are told with their place, time, key and value: %s', async (path) => {
    const server = await open([messageOf(Buffer.from('{"price":"0.1"}'))]);
    expect(await (await server.get(path)).json()).toEqual({
      topic: 'trade-data',
      messages: [{
        partition: 2, offset: 2 ** 40, timestamp: '2019-10-11T00:00:00.123Z', key: 'XRPETH', key_encoding: 'utf8',
        value: '{"price":"0.1"}', value_encoding: 'utf8', value_bytes: 15, cut: false,
      }],
    });
  });

  it('are base64 where they are no text, and null where there is nothing', async () => {
    const server = await open([messageOf(Buffer.from([0xff, 0xfe, 0x00])), messageOf(null, { key: null, keyBytes: 0 }), messageOf(Buffer.alloc(0))]);
    const shown = await shownAt(server, both[0]);
    expect(shown[0]).toMatchObject({ value: Buffer.from([0xff, 0xfe, 0x00]).toString('base64'), value_encoding: 'base64', value_bytes: 3 });
    expect(shown[1]).toMatchObject({ key: null, value: null, value_bytes: 0, cut: false });
    expect(shown[2]).toMatchObject({ value: '', value_encoding: 'utf8' });
  });

  it.each(['é', '€', '😀'])('are cut before a character, never within: %s', async (letter) => {
    const text = Buffer.from(`abc${letter}`);
    const cuts = Array.from({ length: text.length - 3 }, (_, index) => text.subarray(0, 3 + index));
    const server = await open(cuts.map((value) => messageOf(value, { valueBytes: text.length })));
    for (const shown of await shownAt(server, both[0])) {
      expect(shown).toMatchObject({ value: 'abc', value_encoding: 'utf8', cut: true, value_bytes: text.length });
    }
  });

  it('have no time where their record has none', async () => {
    const server = await open([messageOf(null, { timestampMs: -1 }), messageOf(null, { timestampMs: 9e15 })]);
    expect((await shownAt(server, both[0])).map(({ timestamp }) => timestamp)).toEqual([null, null]);
  });

  it.each(['/api/topics/trade-data/recent?limit=2', '/api/kafka?topic=trade-data&limit=2'])('are as many as asked for: %s', async (path) => {
    const server = await open([1, 2, 3].map((offset) => messageOf(null, { offset })));
    expect((await shownAt(server, path)).map(({ offset }) => offset)).toEqual([1, 2]);
  });

  it.each(['/api/topics/other/recent', '/api/kafka?topic=other'])('are 404 for a topic that nobody reads: %s', async (path) => {
    const response = await (await open([])).get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: { code: 'not-found', message: 'No source of this pipeline reads the topic other.', field: 'topic' } });
  });

  it.each([
    ['/api/kafka', 'topic'], ['/api/kafka?topic=', 'topic'], ['/api/kafka?topic=a%20b', 'topic'], ['/api/topics/a%20b/recent', 'topic'],
    [`/api/topics/${'t'.repeat(250)}/recent`, 'topic'], ['/api/kafka?topic=a&limit=65', 'limit'],
    ['/api/topics/a/recent?limit=0', 'limit'], ['/api/topics/a/recent?from=1', 'from'], ['/api/kafka?topic=a&topic=b', 'topic'],
    ['/api/topics/a/recent?topic=trade-data', 'topic'],
  ])('are refused where the question makes no sense: %s', async (path, field) => {
    const response = await (await open([])).get(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'bad-request', field } });
  });

  it.each(both)('are for those who have the key: %s', async (path) => {
    const server = await open([], { settings: { api_key: 'secret' } });
    expect((await server.get(path)).status).toBe(401);
    expect((await server.get(path, { 'x-api-key': 'secret' })).status).toBe(200);
  });
});
