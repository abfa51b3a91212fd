import { afterEach, expect, it } from 'vitest';
import type { Gap } from '../../src/model/gap.ts';
import type { DeadLetter, LateTick, RowBatch } from '../../src/model/rows.ts';
import { rowCount } from '../../src/model/rows.ts';
import type { RowNames } from '../../src/sinks/set-aside.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { laneOf } from '../support/batches.ts';
import { manyRows, noAbort, SinkRig } from '../support/sink-rows.ts';

/** What the suite needs of a sink: a fresh one each time, and its end of the wire. */
export interface SinkUnderTest {
  readonly make: () => Promise<{ readonly sink: Sink; readonly names: RowNames }>;
  readonly dispose: () => Promise<void>;
}

const tick: LateTick = {
  instrument: 0, eventTimeMs: 1_700_000_000_000, price: 1, size: 2, side: 1, tradeId: 7, watermarkMs: 1_700_000_060_000, position: 3,
  counter: 0,
};
const letter: DeadLetter = {
  origin: 'tick', reason: 'malformed', message: 'not JSON', place: 'a.ndjson:3', bytes: Uint8Array.of(123), position: 3, counter: 0,
  atMs: 1_700_000_000_000,
};
const gap: Gap = {
  kind: 'gap', lane: laneOf(), position: 3, instruments: Int32Array.of(0), venue: 'all', fromMs: 0, untilMs: 1_000, reason: 'restart',
  ticksLost: 0,
};

/** The contract of `Sink`, for every implementation. */
export function describeSink({ make, dispose }: SinkUnderTest): void {
  let sink: Sink;
  let rig: SinkRig;
  afterEach(async () => {
    await sink.close();
    await dispose();
  });

  const begin = async (): Promise<void> => {
    const made = await make();
    ({ sink } = made);
    rig = new SinkRig(null!, '', made.names);
    await sink.open(noAbort);
  };
  const everyKind = (): RowBatch => ({
    ...rig.batch(manyRows(150)), lateTicks: [tick, { ...tick, counter: 1 }], gaps: [gap], deadLetters: [letter],
  });

  it('commits every row of every kind, and says how many', async () => {
    await begin();
    const batch = everyKind();
    const result = await sink.write(batch, noAbort);
    expect(result.committed + result.setAside.length).toBe(rowCount(batch));
    expect(result.committed).toBe(154);
  });

  it('takes the same batch again: a batch is repeated when its answer was lost', async () => {
    await begin();
    const batch = everyKind();
    await sink.write(batch, noAbort);
    expect((await sink.write(batch, noAbort)).committed).toBe(154);
  });

  it('takes calls that overlap', async () => {
    await begin();
    const batches = Array.from({ length: 6 }, (_, index) => rig.batch(manyRows(120, { symbol: `S${index}` })
      .map((row, place) => ({ ...row, openTimeMs: 60_000 * place, closeTimeMs: 60_000 * (place + 1) }))));
    const results = await Promise.all(batches.map((batch) => sink.write(batch, noAbort)));
    expect(results.map(({ committed }) => committed)).toEqual(batches.map(() => 120));
  });

  it('leaves the batch as it was', async () => {
    await begin();
    const batch = everyKind();
    const before = JSON.stringify(batch);
    await sink.write(batch, noAbort);
    expect(JSON.stringify(batch)).toBe(before);
  });

  it('takes rows of one kind only', async () => {
    await begin();
    for (const part of [{ lateTicks: [tick] }, { gaps: [gap] }, { deadLetters: [letter] }]) {
      rig.names.instruments.intern('binance', 'BTC');
      expect((await sink.write({ ...rig.batch([]), ...part }, noAbort)).committed).toBe(1);
    }
  });

  it('does not wait once abort has fired', async () => {
    await begin();
    const abort = new AbortController();
    abort.abort();
    // A sink that never waits may write; one that would must not.
    const outcome = await sink.write(everyKind(), abort.signal).then(({ committed }) => committed, (error: unknown) => error);
    if (outcome !== 154) expect(outcome).toMatchObject({ name: 'SinkError' });
  });
}
