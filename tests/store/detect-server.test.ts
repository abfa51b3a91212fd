import { describe, expect, it } from 'vitest';
import { judgeServer, type ServerFacts } from '../../src/store/detect-server.ts';

/** No server of the Apache edition is at hand: these are answers as servers give them. */
const community: ServerFacts = {
  serverVersion: '16.4', serverVersionNumber: 160_004, extension: '2.17.2', available: '2.17.2', license: 'timescale',
};

describe('what a server can do', () => {
  it('the community edition does everything', () => {
    expect(judgeServer(community).server).toEqual({
      kind: 'timescaledb', serverVersion: 'PostgreSQL 16.4, TimescaleDB 2.17.2', hypertable: true, compression: true, retention: true,
    });
  });

  it('the Apache edition does not compress, and the sentence says what is off', () => {
    const { server, sentence } = judgeServer({ ...community, license: 'apache' });
    expect(server).toMatchObject({ kind: 'timescaledb-apache', hypertable: true, compression: false, retention: true });
    expect(sentence).toContain('Apache edition: it has no compression, so store.compression is off');
  });

  it('an extension that is installed but not created is named with its statement', () => {
    const { server, sentence } = judgeServer({ ...community, extension: null, license: null });
    expect(server.kind).toBe('postgresql');
    expect(sentence).toContain('CREATE EXTENSION timescaledb');
  });

  it('a server older than is tested is said to be', () => {
    expect(judgeServer(community).sentence).not.toContain('before');
    expect(judgeServer({ ...community, serverVersionNumber: 130_011 }).sentence).toContain('before 14 is not tested');
    expect(judgeServer({ ...community, extension: '2.9.3' }).sentence).toContain('before 2.14 is not supported');
  });
});
