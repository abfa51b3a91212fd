import { describe, expect, it } from 'vitest';
import { at, faultsOf, load, temporaryFiles } from './support/config-files.ts';

const file = temporaryFiles();

interface Row {
  readonly names: readonly string[];
  readonly key: string;
  readonly standard: unknown;
  /** Another value, as a file has it and as the environment has it. */
  readonly other: unknown;
  readonly text?: string;
}

function row(name: string, key: string, values: { standard: unknown; other: unknown; text?: string }): Row {
  const general = `PIPELINE_${key.toUpperCase().replaceAll('.', '_')}`;
  return { names: [...new Set([name, general])], key, ...values };
}

/** The public table of environment names, keys and defaults, written out by hand. */
const table: readonly Row[] = [
  row('PIPELINE_BATCH_SIZE', 'pipeline.batch_size', { standard: 500, other: 1_000 }),
  row('PIPELINE_FLUSH_MS', 'pipeline.flush_ms', { standard: 100, other: 250 }),
  row('PIPELINE_MAX_BYTES', 'pipeline.max_bytes', { standard: 512_000, other: 65_536 }),
  row('PIPELINE_OP_QUEUE_MAX', 'queues.op_queue_max', { standard: 8, other: 16 }),
  row('PIPELINE_SINK_QUEUE_MAX', 'queues.sink_queue_max', { standard: 200, other: 50 }),
  row('PIPELINE_DROP_POLICY', 'queues.drop_policy', { standard: 'oldest', other: 'newest' }),
  row('PIPELINE_SINK_WORKERS', 'sink.workers', { standard: 4, other: 2 }),
  row('PIPELINE_SINK_BACKPRESSURE_POLICY', 'sink.backpressure_policy', {
    standard: 'drop_oldest', other: 'drop_newest',
  }),
  row('PIPELINE_PACING_BUDGET_MAX_MSGS_PER_SEC', 'pacing.budget.max_msgs_per_sec', { standard: 0, other: 1_500.5 }),
  row('PIPELINE_PACING_BUDGET_BURST', 'pacing.budget.burst', { standard: 0, other: 100 }),
  row('PIPELINE_ENABLE_METRICS', 'telemetry.enable_metrics', { standard: true, other: false }),
  row('PIPELINE_ENABLE_TRACING', 'telemetry.enable_tracing', { standard: false, other: true }),
  row('PIPELINE_METRICS_PORT', 'telemetry.metrics_port', { standard: null, other: 9_464 }),
  row('PORT', 'server.port', { standard: 8083, other: 80 }),
  row('API_KEY', 'server.api_key', { standard: null, other: 'open sesame' }),
  row('ALLOWED_ORIGINS', 'server.allowed_origins', {
    standard: [], other: ['https://a.example', 'https://b.example'], text: 'https://a.example, https://b.example',
  }),
  row('ALLOWED_HOSTS', 'server.allowed_hosts', {
    standard: [], other: ['desk.example.com', 'bars.lan'], text: 'desk.example.com, bars.lan',
  }),
  row('ENABLE_RATE_LIMIT', 'server.enable_rate_limit', { standard: true, other: false }),
  row('RATE_LIMIT_MAX', 'server.rate_limit_max', { standard: 600, other: 30 }),
  row('RATE_LIMIT_WINDOW_MS', 'server.rate_limit_window_ms', { standard: 60_000, other: 10_000 }),
  row('DATABASE_URL', 'store.url', { standard: '', other: 'postgres://user:word@db.example:5432/bars' }),
  row('DATA_DIR', 'embedded.data_dir', { standard: 'data', other: '/var/lib/mdp' }),
  row('MAX_RETRIES', 'dead_letters.max_retries', { standard: 10, other: 3 }),
  row('BASE_BACKOFF_MS', 'sink.retry.base_ms', { standard: 50, other: 100 }),
  row('MAX_BACKOFF_MS', 'sink.retry.max_ms', { standard: 30_000, other: 60_000 }),
  row('BACKOFF_MULTIPLIER', 'sink.retry.multiplier', { standard: 2, other: 1.5 }),
  row('VISIBILITY_TIMEOUT_MS', 'sink.deadline_ms', { standard: 30_000, other: 10_000 }),
  row('KAFKA_BROKERS', 'kafka.brokers', { standard: [], other: ['a:9092', 'b:9092'], text: 'a:9092,b:9092' }),
  row('KAFKA_CLIENT_ID', 'kafka.client_id', { standard: 'mdp', other: 'desk' }),
  row('KAFKA_GROUP_ID', 'kafka.group_id', { standard: 'mdp', other: 'desk' }),
  row('KAFKA_SASL_MECHANISM', 'kafka.sasl.mechanism', { standard: 'none', other: 'scram-sha-512' }),
  row('KAFKA_SASL_USERNAME', 'kafka.sasl.username', { standard: null, other: 'desk' }),
  row('KAFKA_SASL_PASSWORD', 'kafka.sasl.password', { standard: null, other: 'word' }),
  row('KAFKA_SSL_ENABLED', 'kafka.ssl.enabled', { standard: false, other: true }),
  row('KAFKA_SSL_CA', 'kafka.ssl.ca', { standard: null, other: '/etc/ca.pem' }),
  row('KAFKA_SSL_CERT', 'kafka.ssl.cert', { standard: null, other: '/etc/cert.pem' }),
  row('KAFKA_SSL_KEY', 'kafka.ssl.key', { standard: null, other: '/etc/key.pem' }),
  row('KAFKA_SSL_REJECT_UNAUTHORIZED', 'kafka.ssl.reject_unauthorized', { standard: true, other: false }),
  row('KAFKA_ENABLE_CIRCUIT_BREAKER', 'kafka.circuit_breaker.enabled', { standard: true, other: false }),
  row('KAFKA_CIRCUIT_BREAKER_THRESHOLD', 'kafka.circuit_breaker.threshold', { standard: 5, other: 10 }),
  row('KAFKA_CIRCUIT_BREAKER_RESET_TIMEOUT', 'kafka.circuit_breaker.reset_ms', { standard: 30_000, other: 5_000 }),
  row('KAFKA_MAX_TOPIC_STATS', 'kafka.topic_stats.max', { standard: 1_000, other: 10 }),
  row('KAFKA_ENABLE_MOVING_AVERAGE', 'kafka.topic_stats.moving_average', { standard: true, other: false }),
  row('KAFKA_MOVING_AVERAGE_WINDOW', 'kafka.topic_stats.window', { standard: 100, other: 20 }),
  row('KAFKA_HEALTH_CHECK_INTERVAL', 'kafka.health_check_ms', { standard: 30_000, other: 10_000 }),
  row('KAFKA_SHUTDOWN_TIMEOUT', 'shutdown.timeout_ms', { standard: 30_000, other: 10_000 }),
  row('KAFKA_BATCH_ERROR_ISOLATION', 'kafka.batch_error_isolation', { standard: true, other: false }),
  row('PIPELINE_NAME', 'name', { standard: 'market-data', other: 'desk' }),
  row('PIPELINE_CHECKPOINT_INTERVAL_MS', 'checkpoint.interval_ms', { standard: 10_000, other: 5_000 }),
  row('PIPELINE_BARS_SPECS', 'bars.specs', {
    standard: ['1s', '1m', '5m', '15m', '1h', '4h', '1d'], other: ['1s', '1m'], text: '1s,1m',
  }),
  row('PIPELINE_INDICATORS_SPECS', 'indicators.specs', {
    standard: [], other: ['rsi(14)@1m', 'rsi(7)@1m'], text: 'rsi(14)@1m,rsi(7)@1m',
  }),
  row('PIPELINE_BARS_OUT_OF_ORDERNESS_MS', 'bars.out_of_orderness_ms', { standard: 2_000, other: 500 }),
  row('PIPELINE_BARS_ALLOWED_LATENESS_MS', 'bars.allowed_lateness_ms', { standard: 10_000, other: 20_000 }),
  row('PIPELINE_BARS_MAX_FUTURE_SKEW_MS', 'bars.max_future_skew_ms', { standard: 300_000, other: 60_000 }),
  row('PIPELINE_BARS_IDLE_MS', 'bars.idle_ms', { standard: 5_000, other: 1_000 }),
  row('PIPELINE_SERVER_HOST', 'server.host', { standard: '127.0.0.1', other: '::1' }),
];

/** `{a: {b: value}}` for `a.b`; JSON is YAML. */
function yamlOf(key: string, value: unknown): string {
  return JSON.stringify(key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value));
}

describe('each row of the table of the configuration', () => {
  for (const { key, names, standard, other, text } of table) {
    const word = text ?? String(other);
    const plain = file(`${key}.yaml`, yamlOf(key, other));
    const overlay = file(`${key}-overlay.yaml`, yamlOf(key, standard));

    it(`${key} has its default`, () => {
      expect(at(load().config, key)).toEqual(standard);
      expect(load().origins.get(key)).toEqual({ kind: 'default' });
    });

    it(`${key} is set by the file`, () => {
      const loaded = load({ file: plain });
      expect(at(loaded.config, key)).toEqual(other);
      expect(loaded.origins.get(key)).toEqual({ kind: 'file', file: plain, line: 1 });
    });

    it(`${key} is set by an overlay over the file`, () => {
      const loaded = load({ file: plain, overlays: [overlay] });
      expect(at(loaded.config, key)).toEqual(standard);
      expect(loaded.origins.get(key)).toEqual({ kind: 'file', file: overlay, line: 1 });
    });

    for (const name of names) {
      it(`${key} is set by ${name} over the files`, () => {
        const loaded = load({ file: overlay, environment: { [name]: word } });
        expect(at(loaded.config, key)).toEqual(other);
        expect(loaded.origins.get(key)).toEqual({ kind: 'environment', name });
      });
    }

    it(`${key} is set by a flag over everything`, () => {
      const environment = { [names[0]]: standardText(standard) };
      const loaded = load({ file: overlay, environment, flags: [`${key}=${word}`] });
      expect(at(loaded.config, key)).toEqual(other);
      expect(loaded.origins.get(key)).toEqual({ kind: 'flag' });
    });
  }
});

function standardText(standard: unknown): string {
  if (Array.isArray(standard)) return standard.join(',');
  return typeof standard === 'string' ? standard : JSON.stringify(standard);
}

describe('layers', () => {
  it('overlays are laid on in their order', () => {
    const first = file('first.yaml', 'sink: { workers: 1, deadline_ms: 1000 }');
    const second = file('second.yaml', 'sink: { workers: 2 }');
    const { sink } = load({ overlays: [first, second] }).config;
    expect([sink.workers, sink.deadline_ms]).toEqual([2, 1_000]);
    expect(load({ overlays: [second, first] }).config.sink.workers).toBe(1);
  });

  it('the last of several flags for a key wins', () => {
    expect(load({ flags: ['sink.workers=1', 'sink.workers=3'] }).config.sink.workers).toBe(3);
  });

  it('a flag may hold equals signs in its value', () => {
    expect(load({ flags: ['server.api_key=a=b='] }).config.server.api_key).toBe('a=b=');
  });

  it('an empty variable counts as not set', () => {
    const overlay = file('empty-variable.yaml', 'server: { port: 1234 }');
    expect(load({ file: overlay, environment: { PORT: '', DATABASE_URL: '' } }).config.server.port).toBe(1_234);
  });

  it('two names of one key may agree and may not differ', () => {
    const names = { PIPELINE_BATCH_SIZE: '7', PIPELINE_PIPELINE_BATCH_SIZE: '7' };
    expect(load({ environment: names }).config.pipeline.batch_size).toBe(7);
    expect(faultsOf({ environment: { ...names, PIPELINE_BATCH_SIZE: '8' } })).toEqual([
      'PIPELINE_PIPELINE_BATCH_SIZE: pipeline.batch_size: PIPELINE_BATCH_SIZE sets the same key; keep one of the two.',
    ]);
  });

  it('names of other programs are none of ours', () => {
    expect(faultsOf({ environment: { PATH: '/bin', KAFKA_HEAP_OPTS: '-Xmx1g', PIPELINES: '1', HOME: '/root' } }))
      .toEqual([]);
  });

  it('commas in brackets are an item’s own', () => {
    const [fault] = faultsOf({ environment: { PIPELINE_INDICATORS_SPECS: 'rsi(14,3)@1m,rsi(14)@1m' } });
    expect(fault).toContain('"rsi(14,3)@1m" has other arguments than rsi(n)');
  });

  it('indicators are judged all at once, each with what is allowed', () => {
    const faults = faultsOf({ flags: ['bars.specs=1s,1m', 'indicators.specs=rsi(14)@1m,rsi(14)@60s,rsi(1)@1m,rsi(3)@1h'] });
    expect(faults).toEqual([
      expect.stringContaining('this is the same indicator as "rsi(14)@1m"'), expect.stringContaining('n from 2 to 1000'),
      expect.stringContaining('none of bars.specs (1s, 1m)'),
    ]);
  });

  it('the configuration cannot be changed', () => {
    const { config } = load();
    expect(() => Reflect.apply(Array.prototype.push, config.bars.specs, ['2s'])).toThrow(TypeError);
    expect(Reflect.set(config.pipeline, 'batch_size', 1)).toBe(false);
    expect(Object.isFrozen(config.sink.retry) && Object.isFrozen(config.sources)).toBe(true);
  });

  it('one load leaves nothing behind for the next', () => {
    load({ flags: ['pipeline.batch_size=9', 'bars.specs=1h'] });
    expect(load().config.pipeline.batch_size).toBe(500);
    expect(load().config.bars.specs).toHaveLength(7);
  });
});
