import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/model/status.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { MetricRegistry } from '../../src/telemetry/registry.ts';
import { parseExposition } from '../support/exposition.ts';
import type { Exposition } from '../support/exposition.ts';
import { laneStatusOf, noTicks, queueOf, sourceOf, statusOf } from '../support/pipeline-status.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** The promise of the program to the outside, name by name. */
const promised = [
  'mdp_source_items_total', 'mdp_source_disconnects_total', 'mdp_source_pacing_blocked_total', 'operator_bars_out_total',
  'mdp_operator_bars_out_total', 'mdp_sink_batches_committed_total', 'mdp_sink_batches_failed_total',
  'mdp_sink_queue_depth', 'mdp_sink_commit_seconds', 'mdp_sink_items_committed_total', 'mdp_sink_retries_total',
  'mdp_sink_dropped_batches_total', 'mdp_source_reconnects_total', 'mdp_source_status', 'operator_ticks_in_total',
  'mdp_operator_ticks_in_total',
];

/** A program that has been started and has done nothing: no lane was taken up yet. */
const atStart = statusOf({ phase: 'starting', lanes: [] });

function registryOf(clock = new VirtualClock()): MetricRegistry {
  return new MetricRegistry({
    pipeline: 'test', version: '1.2.3', operator: 'time-bars', sinks: ['timescale'], clock, processMetrics: false,
  });
}

async function scrape(registry: MetricRegistry, status: PipelineStatus, highWater = { op: 0, sink: 0 }): Promise<Exposition> {
  return parseExposition(await registry.scrape({ status: () => status, takeHighWater: () => highWater }));
}

describe('what is there before the first tick', () => {
  it.each(promised)('%s exists, at zero', async (name) => {
    const { types, series } = await scrape(registryOf(), atStart);
    expect(types.has(name)).toBe(true);
    const own = series.filter((one) => one.name === name || one.name === `${name}_count`);
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((one) => one.value !== (name === 'mdp_source_status' ? 1 : 0))).toEqual([]);
  });

  it('every metric has its type and its help, even where a series waits for a lane', async () => {
    const { types, helps } = await scrape(registryOf(), atStart);
    for (const metric of metrics) {
      expect(types.get(metric.name)).toBe(metric.kind);
      expect(helps.get(metric.name)).toBe(metric.help);
    }
  });

  it('every reason that is known beforehand has a series', async () => {
    const { value } = await scrape(registryOf(), atStart);
    expect(value('mdp_ticks_rejected_total', { reason: 'bad-price' })).toBe(0);
    expect(value('mdp_sink_batches_failed_total', { reason: 'unavailable', sink: 'timescale' })).toBe(0);
    expect(value('mdp_gaps_total', { reason: 'dropped-batch' })).toBe(0);
    expect(value('mdp_queue_dropped_total', { queue: 'sink', reason: 'superseded' })).toBe(0);
  });

  it('the process shows its own state beside', async () => {
    const registry = new MetricRegistry({
      pipeline: 'test', version: '1', operator: 'time-bars', sinks: [], clock: new VirtualClock(), processMetrics: true,
    });
    const { types } = await scrape(registry, atStart);
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_gc_duration_seconds']) {
      expect(types.has(name)).toBe(true);
    }
    expect([...types.keys()].filter((name) => name.startsWith('nodejs_eventloop_lag'))).toEqual([]);
  });
});

describe('the labels', () => {
  const busy = statusOf({
    ticks: { ...noTicks, rejected: { 'bad-price': 2, 'new-reason': 1 } },
    lanes: [laneStatusOf({ watermarks: [{ venue: 'binance', watermarkMs: 1_699_999_990_000 }] })],
  });

  it('name the pipeline on every series', async () => {
    const { series } = await scrape(registryOf(), busy);
    expect(series.filter((one) => one.labels['pipeline'] !== 'test')).toEqual([]);
  });

  it('are those that were declared, and never a symbol or a venue', async () => {
    const { series } = await scrape(registryOf(), busy);
    const allowed = new Set(['pipeline', 'le', ...metrics.flatMap((metric) => metric.labels)]);
    expect(series.flatMap((one) => Object.keys(one.labels)).filter((label) => !allowed.has(label))).toEqual([]);
    for (const label of ['symbol', 'venue', 'instrument']) expect(allowed.has(label)).toBe(false);
  });

  it('show a reason that nobody knew beforehand', async () => {
    const { value } = await scrape(registryOf(), busy);
    expect(value('mdp_ticks_rejected_total', { reason: 'new-reason' })).toBe(1);
  });
});

describe('the values', () => {
  it('of the event loop are what its watchdog counted', async () => {
    const exposition = parseExposition(await registryOf().scrape({
      status: () => statusOf(), takeHighWater: () => ({ op: 0, sink: 0 }),
      eventLoop: () => ({ longestStallMs: 1_500, stalledMs: 4_500 }),
    }));
    expect(exposition.value('mdp_event_loop_stalled_seconds_total', {})).toBe(4.5);
  });

  it('add lanes up where a lane is no label', async () => {
    const lane = (name: string, depth: number) => laneStatusOf({
      name, ticksIn: 10, barsOut: 3, opQueue: queueOf('op', { depth: 1 }), sinkQueue: queueOf('sink', { depth, capacity: 100 }),
    });
    const { value } = await scrape(registryOf(), statusOf({ lanes: [lane('a', 7), lane('b', 5)] }));
    expect(value('mdp_sink_queue_depth')).toBe(12);
    expect(value('mdp_queue_depth', { queue: 'op' })).toBe(2);
    expect(value('mdp_queue_capacity', { queue: 'sink' })).toBe(200);
    expect(value('operator_ticks_in_total')).toBe(20);
    expect(value('mdp_operator_bars_out_total', { operator: 'time-bars' })).toBe(6);
  });

  it('keep lanes apart where they lag', async () => {
    const lanes = [
      laneStatusOf({ name: 'a', watermarks: [
        { venue: 'x', watermarkMs: 1_699_999_999_000 }, { venue: 'y', watermarkMs: 1_699_999_940_000 }] }),
      laneStatusOf({ name: 'b', watermarks: [{ venue: 'x', watermarkMs: null }] }),
    ];
    const { value, series } = await scrape(registryOf(), statusOf({ lanes }));
    expect(value('mdp_lane_watermark_lag_seconds', { lane: 'a' })).toBe(60);
    expect(series.filter((one) => one.labels['lane'] === 'b' && one.name.includes('watermark'))).toEqual([]);
  });

  it('tell what the ledgers miss, with its sign', async () => {
    const rows = { emitted: 10, committed: 7, superseded: 0, setAside: 1, dropped: { 'sink-queue/oldest': 1 }, inFlight: 0 };
    const { value } = await scrape(registryOf(), statusOf({ ticks: { ...noTicks, received: 5, aggregated: 6 }, rows }));
    expect(value('mdp_ledger_imbalance', { ledger: 'rows' })).toBe(1);
    expect(value('mdp_ledger_imbalance', { ledger: 'ticks' })).toBe(-1);
  });

  it.each([['reading', 1], ['waiting', 1], ['ended', 1], ['starting', 0], ['backing-off', 0], ['failed', 0]] as const)(
    'a source that is %s has status %d', async (state, up) => {
      const { value } = await scrape(registryOf(), statusOf({ sources: [sourceOf({ state })] }));
      expect(value('mdp_source_status', { source: 'demo' })).toBe(up);
    });

  it.each([['closed', 0], ['half-open', 1], ['open', 2]] as const)('a breaker that is %s is %d', async (breaker, number) => {
    const status = statusOf();
    const { value } = await scrape(registryOf(), { ...status, sink: { ...status.sink, breaker } });
    expect(value('mdp_sink_breaker_state')).toBe(number);
  });

  it('an observation is in its bucket, and an undeclared histogram is refused', async () => {
    const registry = registryOf();
    registry.observe('mdp_sink_commit_seconds', { sink: 'timescale' }, 0.02);
    const { value } = await scrape(registry, atStart);
    expect(value('mdp_sink_commit_seconds_bucket', { le: '0.01' })).toBe(0);
    expect(value('mdp_sink_commit_seconds_bucket', { le: '0.025' })).toBe(1);
    expect(value('mdp_sink_commit_seconds_sum')).toBe(0.02);
    expect(() => registry.observe('mdp_no_such_seconds', {}, 1)).toThrow('mdp_no_such_seconds');
  });
});

describe('the counters', () => {
  it('never fall and add up what each lane has counted, however lanes come, go and come back at zero', async () => {
    const step = fc.record({ lane: fc.constantFrom('a', 'b', 'c'), gone: fc.boolean(), more: fc.nat(1_000) });
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const registry = registryOf();
      const counts = new Map<string, number>();
      let [before, expected] = [0, 0];
      for (const { lane, gone, more } of steps) {
        if (gone) counts.delete(lane);
        else {
          counts.set(lane, (counts.get(lane) ?? 0) + more);
          expected += more;
        }
        const lanes = [...counts].map(([name, barsOut]) => laneStatusOf({ name, barsOut }));
        const { value } = await scrape(registry, statusOf({ lanes }));
        const now = value('operator_bars_out_total');
        expect(now).toBeGreaterThanOrEqual(before);
        expect(now).toBeLessThanOrEqual(expected);
        before = now;
      }
      if (steps.every(({ gone }) => !gone)) expect(before).toBe(expected);
    }), { numRuns: 50 });
  });

  it('count a lane that came back at zero on top of what it had counted before', async () => {
    const registry = registryOf();
    await scrape(registry, statusOf({ lanes: [laneStatusOf({ name: 'a', barsOut: 100 }), laneStatusOf({ name: 'b', barsOut: 50 })] }));
    await scrape(registry, statusOf({ lanes: [laneStatusOf({ name: 'b', barsOut: 60 })] }));
    const { value } = await scrape(registry, statusOf({
      lanes: [laneStatusOf({ name: 'a', barsOut: 30 }), laneStatusOf({ name: 'b', barsOut: 60 })],
    }));
    expect(value('operator_bars_out_total')).toBe(190);
  });

  it('are the same for a second scraper', async () => {
    const registry = registryOf();
    const status = statusOf({ sources: [sourceOf({ items: 41 })] });
    const [first, second] = await Promise.all([scrape(registry, status), scrape(registry, status)]);
    expect([first.value('mdp_source_items_total'), second.value('mdp_source_items_total')]).toEqual([41, 41]);
  });
});

describe('the high-water mark', () => {
  it('shows a peak between two scrapes to both of two scrapers, and forgets it after a minute', async () => {
    const clock = new VirtualClock();
    const registry = registryOf(clock);
    const peak = async (op: number): Promise<number> =>
      (await scrape(registry, statusOf(), { op, sink: 0 })).value('mdp_queue_high_water', { queue: 'op' });
    expect(await peak(7)).toBe(7); // The first scraper takes the mark …
    await clock.advance(10_000);
    expect(await peak(1)).toBe(7); // … and the second sees it all the same.
    await clock.advance(49_999);
    expect(await peak(2)).toBe(7);
    await clock.advance(1);
    expect(await peak(0)).toBe(2);
  });
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;

describe.skipIf(!promtool)('Prometheus\'s own judge (left out where there is no promtool on the PATH)', () => {
  it('finds nothing to say against the text', async () => {
    const registry = registryOf();
    registry.observe('mdp_http_request_seconds', { method: 'GET', route: '/health', status: '200' }, 0.001);
    const text = await registry.scrape({ status: () => statusOf(), takeHighWater: () => ({ op: 0, sink: 0 }) });
    const judged = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(`${judged.stdout}${judged.stderr}`).toBe('');
    expect(judged.status).toBe(0);
  });
});
