import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FetchTap } from '../../src/kafka/fetch-tap.ts';
import { eventually } from '../support/eventually.ts';
import { frame } from '../support/kafka-bytes.ts';
import { Certificates } from '../support/kafka/listeners.ts';
import { answer, batch, fetchRequest, messagesIn, valuesOf } from './answers.ts';

interface Broker {
  readonly port: number;
  readonly ca: string | null;
  readonly close: () => Promise<void>;
}

/** Answers each Fetch with as many bytes of records as its number says, after something else. */
async function startBroker(certificates: Certificates | null): Promise<Broker> {
  const serve = (socket: net.Socket): void => {
    socket.on('error', () => {});
    socket.on('data', (request) => {
      const id = request.readInt32BE(8);
      socket.write(Buffer.concat([frame(1_000_000, Buffer.from('other')), answer(id, batch(10, ['x'.repeat(id), 'y']))]));
    });
  };
  const pem = certificates === null ? null : readFileSync(certificates.broker);
  const server = pem === null ? net.createServer(serve) : tls.createServer({ key: pem, cert: pem }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    ca: certificates === null ? null : readFileSync(certificates.ca, 'utf8'),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe.each(['plain', 'TLS'] as const)('a %s socket of the tap', (kind) => {
  let directory: string;
  let broker: Broker;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'mdp-tap-'));
    broker = await startBroker(kind === 'TLS' ? new Certificates(directory) : null);
  });
  afterAll(async () => {
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function open(tap: FetchTap): Promise<{ socket: net.Socket; received: Buffer[] }> {
    const received: Buffer[] = [];
    const socket = await new Promise<net.Socket>((resolve, reject) => {
      const ssl = broker.ca === null ? null : { ca: broker.ca };
      const opened = tap.socketFactory({ host: '127.0.0.1', port: broker.port, ssl, onConnect: () => resolve(opened) });
      opened.on('data', (bytes: Buffer) => received.push(bytes));
      opened.on('error', reject);
    });
    return { socket, received };
  }

  const otherBytes = 13;

  it('gives tickets for answers of any size, and ends when the broker does', async () => {
    const tap = new FetchTap({ readBufferBytes: 10_000 });
    const { socket, received } = await open(tap);
    for (const id of [5, 3_000_000, 1]) {
      socket.write(fetchRequest(id), 'binary');
      await eventually(() => tap.counts.batches > 0);
      tap.counts.batches = 0;
      const [message] = await messagesIn(Buffer.concat(received.splice(0)).subarray(otherBytes));
      expect(valuesOf(tap.batchOf(message)!).map(({ length }) => length)).toEqual([id, 1]);
    }
    const closed = new Promise((resolve) => { socket.once('close', resolve); });
    socket.end();
    await closed;
  });

  it('is an ordinary one when the tap is off', async () => {
    const tap = new FetchTap({ enabled: false });
    const { socket, received } = await open(tap);
    socket.write(fetchRequest(70_000));
    const whole = answer(70_000, batch(10, ['x'.repeat(70_000), 'y']));
    await eventually(() => received.reduce((sum, { length }) => sum + length, 0) === otherBytes + whole.length);
    expect(Buffer.concat(received).subarray(otherBytes).equals(whole)).toBe(true);
    const [message] = await messagesIn(whole);
    expect(tap.batchOf(message)).toBeNull();
    expect(tap.counts).toEqual({ responses: 0, batches: 0, passedThrough: 0 });
    socket.destroy();
  });
});
