import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { createSink } from '../../src/sinks/registry.ts';
import { sinkSettings } from '../../src/sinks/settings.ts';
import { StdoutSink } from '../../src/sinks/stdout.ts';
import { StubSink } from '../../src/sinks/stub.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { manyRows, noAbort, plainRow, SinkRig, specNames } from '../support/sink-rows.ts';
import { describeSink } from './sink-suite.ts';

const namesOf = (): { instruments: InstrumentTable; specNames: string[] } => ({ instruments: new InstrumentTable(), specNames });

describeOnEachServer('the timescale sink', (server) => {
  let rig: SinkRig;
  describeSink({
    make: async () => {
      rig = new SinkRig(await server.migratedDatabase(), server.url());
      await rig.register(laneOf());
      return { sink: rig.sink(), names: rig.names };
    },
    dispose: () => rig.dispose(),
  });
});

describe('the stub sink', () => {
  describeSink({ make: () => Promise.resolve({ sink: new StubSink(), names: namesOf() }), dispose: () => Promise.resolve() });
});

describe('the stdout sink', () => {
  describeSink({
    make: () => {
      const names = namesOf();
      return Promise.resolve({ sink: new StdoutSink(names, new PassThrough().resume()), names });
    },
    dispose: () => Promise.resolve(),
  });

  it('writes a JSON line a row, with lane and stamp', async () => {
    const output = new PassThrough();
    const rig = new SinkRig(null!, '');
    const sink = new StdoutSink(rig.names, output);
    await sink.write(rig.batch([{}, { symbol: 'ETH', close: -0, state: 2 }]), noAbort);
    const lines = String(output.read()).trimEnd().split('\n').map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ kind: 'bar', lane: 'test/source', generation: 1, symbol: 'BTC', close: plainRow.close, state: 3 }),
      expect.objectContaining({ kind: 'bar', symbol: 'ETH', close: '-0', state: 2, position: 10, whole: true }),
    ]);
  });

  it('waits for a slow reader, but not after abort', async () => {
    const rig = new SinkRig(null!, '');
    const sink = new StdoutSink(rig.names, new PassThrough({ highWaterMark: 1 }));
    const abort = new AbortController();
    const writing = sink.write(rig.batch(manyRows(100)), abort.signal);
    abort.abort();
    await expect(writing).rejects.toMatchObject({ failure: { kind: 'unknown' } });
  });

  it('ends the pool when nobody reads any more', async () => {
    const output = new PassThrough();
    const rig = new SinkRig(null!, '');
    const sink = new StdoutSink(rig.names, output);
    output.destroy();
    await once(output, 'close');
    await expect(sink.write(rig.batch([{}]), noAbort)).rejects.toMatchObject({ failure: { kind: 'misconfigured' } });
  });
});

describe('the registry of sinks', () => {
  it.each(sinkSettings.type.choices)('makes a sink of every type that can be configured: %s', async (type) => {
    const sink = createSink({
      settings: { type, workers: 1, backpressure_policy: 'drop_oldest', deadline_ms: 1_000 }, names: namesOf(),
      database: { url: 'postgres://nobody@127.0.0.1:1/none', connectTimeoutMs: 100 }, output: new PassThrough(), nowMs: () => 0,
    });
    expect(sink.name).toBe(type);
    await sink.close();
  });
});
