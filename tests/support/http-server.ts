import { systemClock } from '../../src/lifecycle.ts';
import type { RecentTopics } from '../../src/model/message.ts';
import type { PipelineStatus } from '../../src/model/status.ts';
import type { ServerContext, ServerSettings } from '../../src/server/context.ts';
import type { Call } from '../../src/server/guard.ts';
import type { BarQuery, GapQuery, IndicatorQuery, StoreReader, SymbolQuery } from '../../src/store/reads.ts';
import { openServer } from '../../src/server/server.ts';
import type { OpenServer } from '../../src/server/server.ts';
import type { HighWater } from '../../src/telemetry/metric.ts';
import { MetricRegistry } from '../../src/telemetry/registry.ts';
import { memoryAlerts } from './memory-alerts.ts';
import { memoryPositions } from './memory-positions.ts';
import { statusOf } from './pipeline-status.ts';

/** What the server asked of the database, and what it is told. */
export interface FakeStore extends StoreReader {
  readonly asked: { bars: BarQuery[]; indicators: IndicatorQuery[]; symbols: SymbolQuery[]; gaps: GapQuery[] };
}

export function fakeStore(overrides: Partial<StoreReader> = {}): FakeStore {
  const asked: FakeStore['asked'] = { bars: [], indicators: [], symbols: [], gaps: [] };
  const empty: StoreReader = {
    bars: () => Promise.resolve([]), madeFrom: () => Promise.resolve(null), seriesGaps: () => Promise.resolve([]), indicators: () => Promise.resolve([]), symbols: () => Promise.resolve([]), gaps: () => Promise.resolve([]),
  };
  const reader = { ...empty, ...overrides };
  return {
    asked, madeFrom: reader.madeFrom, seriesGaps: reader.seriesGaps,
    bars: (query, abort) => (asked.bars.push(query), reader.bars(query, abort)),
    indicators: (query, abort) => (asked.indicators.push(query), reader.indicators(query, abort)),
    symbols: (query, abort) => (asked.symbols.push(query), reader.symbols(query, abort)),
    gaps: (query, abort) => (asked.gaps.push(query), reader.gaps(query, abort)),
  };
}

export interface TestServer extends OpenServer {
  /** What the server sees; replace it to let something happen. */
  status: PipelineStatus;
  highWater: HighWater;
  readonly store: FakeStore;
  readonly metrics: MetricRegistry;
  readonly answered: { method: string; route: string; status: number; seconds: number }[];
  readonly failed: { route: string; error: unknown }[];
  readonly listening: string[];
  readonly refused: Call[];
  readonly changes: Call[];
  readonly keysTold: { file: string; names?: readonly string[]; problem?: string }[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

export interface TestServerOptions {
  readonly settings?: Partial<ServerSettings>;
  readonly telemetry?: Partial<ServerContext['telemetry']>;
  readonly store?: Partial<StoreReader>;
  readonly clock?: ServerContext['clock'];
  readonly recentTopics?: RecentTopics;
  readonly live?: ServerContext['live'];
}

export const defaultServerSettings: ServerSettings = {
  host: '127.0.0.1', port: 0, api_key: null, api_keys_file: null, trust_proxy: [], allow_unauthenticated: false, allowed_origins: [], allowed_hosts: [], enable_rate_limit: false,
  rate_limit_max: 600, rate_limit_window_ms: 60_000, request_timeout_ms: 30_000,
};

/** A real server on a free port, in front of a pipeline and a database that are plain objects. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const metrics = new MetricRegistry({
    pipeline: 'test', version: '1.2.3', operator: 'time-bars', sinks: ['timescale'], clock: systemClock, processMetrics: false,
  });
  const store = fakeStore(options.store);
  const server = {
    status: statusOf(), highWater: { op: 0, sink: 0 }, store, metrics,
    answered: [] as TestServer['answered'], failed: [] as TestServer['failed'], listening: [] as string[],
    refused: [] as Call[], changes: [] as Call[], keysTold: [] as TestServer['keysTold'],
  };
  const open = await openServer({
    settings: { ...defaultServerSettings, ...options.settings },
    telemetry: { enable_metrics: true, enable_tracing: false, metrics_port: null, ...options.telemetry },
    pipeline: { status: () => server.status, takeHighWater: () => server.highWater },
    store, positions: memoryPositions(),
    alerts: { store: memoryAlerts(), scope: { rulesMax: 10, specNames: ['1s', '1m'], lines: [{ indicator: 'sma(20)', barSpec: '1m' }] } },
    metrics, clock: options.clock ?? systemClock, recentTopics: options.recentTopics ?? { of: () => null }, version: '1.2.3', configDigest: 'abc',
    badInput: { degraded_share: 0.05, window_ms: 60_000 },
    ...(options.live === undefined ? {} : { live: options.live }),
    events: {
      listening: (urls) => void server.listening.push(...urls),
      requestAnswered: (answered) => void server.answered.push(answered),
      keysRead: (read) => void server.keysTold.push(read), keysKept: (kept) => void server.keysTold.push(kept),
      keyRefused: (call) => void server.refused.push(call), changeAnswered: (call) => void server.changes.push(call),
      requestFailed: (route, error) => void server.failed.push({ route, error }),
    },
  });
  return Object.assign(server, open, {
    get: (path: string, headers: Record<string, string> = {}) => fetch(`${open.url}${path}`, { headers }),
  });
}
