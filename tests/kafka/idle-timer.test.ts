import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopIdleTimers } from '../../src/kafka/idle-timer.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';

const why = whyNoKafka();

describe.skipIf(why !== null)(`a client that has nothing to do${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start();
  });
  afterAll(() => kafka.dispose());

  it('lets the process sleep, and Node has nothing to warn of', async () => {
    const theirs = await idle(kafka.bootstrap, 'theirs');
    expect(theirs.warnings).toContain('TimeoutNegativeWarning');
    const ours = await idle(kafka.bootstrap, 'ours');
    expect(ours.warnings).toEqual([]);
    // kafkajs looks ten times a second for requests that have timed out; its idle timer fires up to a thousand times.
    expect(ours.turns).toBeLessThan(60);
    expect(theirs.turns).toBeGreaterThan(3 * ours.turns);
  });
});

interface Idle { readonly turns: number; readonly warnings: readonly string[] }

async function idle(bootstrap: string, whose: 'ours' | 'theirs'): Promise<Idle> {
  const script = fileURLToPath(new URL('../support/kafka/idle-client.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, bootstrap, whose]);
  return JSON.parse(stdout) as Idle;
}

describe('a queue of requests', () => {
  it('sends what had to wait once the broker\'s throttling is over, and what had to wait for an answer', async () => {
    stopIdleTimers();
    stopIdleTimers();
    const sent: number[] = [];
    const queue = queueThatSendsTo();
    queue.maybeThrottle(50);
    queue.push(request(1, sent));
    queue.push(request(2, sent));
    expect(sent).toEqual([]);
    await eventually(() => sent.length > 0);
    queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    await eventually(() => sent.length > 1);
    queue.destroy();
    expect(sent).toEqual([1, 2]);
  });
});

/** One request at a time. */
function queueThatSendsTo(): RequestQueue {
  const nothing = (): void => {};
  return new RequestQueue({
    maxInFlightRequests: 1, requestTimeout: 60_000, enforceRequestTimeout: false, clientId: 'test', broker: 'test',
    logger: { debug: nothing, warn: nothing },
  });
}

function request(correlationId: number, sent: number[]): Parameters<RequestQueue['push']>[0] {
  const entry = { correlationId, resolve: () => {}, reject: () => {}, apiKey: 0, apiName: 'test', apiVersion: 0 };
  return { entry, expectResponse: true, sendRequest: () => sent.push(correlationId) };
}
