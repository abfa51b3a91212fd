import { afterEach, describe, expect, it } from 'vitest';
import { isNetwork } from '../../src/server/settings.ts';
import { faultsOf, load } from '../support/config-files.ts';
import { openTestServer, type TestServer } from '../support/http-server.ts';

const opened: TestServer[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close()));
});

async function open(trust_proxy: readonly string[]): Promise<TestServer> {
  const settings = { trust_proxy, enable_rate_limit: true, rate_limit_max: 2, api_key: 'correct-horse-battery' };
  const server = await openTestServer({ settings });
  opened.push(server);
  return server;
}

const statusFrom = async (server: TestServer, forwarded: string): Promise<number> =>
  (await server.get('/api/status', { 'x-forwarded-for': forwarded, 'x-api-key': 'wrong' })).status;

describe('the address of a client', () => {
  it('is the one that a trusted proxy names: each has a limit of its own, and stands in the audit log', async () => {
    const server = await open(['127.0.0.1']);
    const statuses = [];
    for (const client of ['198.51.100.7', '198.51.100.7', '198.51.100.7', '203.0.113.9']) statuses.push(await statusFrom(server, client));
    expect(statuses).toEqual([401, 401, 429, 401]);
    expect(server.refused.map(({ address }) => address)).toEqual(['198.51.100.7', '198.51.100.7', '203.0.113.9']);
  });

  it('is that of the connection where nobody is trusted: whoever makes addresses up gains nothing', async () => {
    const server = await open([]);
    const statuses = [];
    for (const client of ['198.51.100.7', '198.51.100.8', '198.51.100.9']) statuses.push(await statusFrom(server, client));
    expect(statuses).toEqual([401, 401, 429]);
    expect(new Set(server.refused.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
  });

  it('is not what somebody says who is no trusted proxy', async () => {
    const server = await open(['10.0.0.0/8']);
    await statusFrom(server, '198.51.100.7');
    expect(server.refused.map(({ address }) => address)).toEqual(['127.0.0.1']);
  });

  it('is the last one before the trusted ones, whatever a client claims before it', async () => {
    const server = await open(['127.0.0.0/8', '10.0.0.0/8']);
    await statusFrom(server, '8.8.8.8, 198.51.100.7, 10.1.2.3');
    expect(server.refused.map(({ address }) => address)).toEqual(['198.51.100.7']);
  });
});

describe('server.trust_proxy', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '192.168.1.0/32', '2001:db8::/128'])('takes %s', (network) => {
    expect(isNetwork(network)).toBe(true);
    expect(load({ environment: { TRUST_PROXY: network } }).config.server.trust_proxy).toEqual([network]);
  });

  it.each(['everybody', '10.0.0', '10.0.0.0/33', '0.0.0.0/0', '::/0', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/', '*'])(
    'refuses %s in words', (network) => {
      expect(faultsOf({ environment: { TRUST_PROXY: network } })).toEqual([expect.stringContaining('server.trust_proxy')]);
    });
});
