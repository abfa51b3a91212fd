import { alertSettings } from '../alerts/settings.ts';
import { checkpointSettings } from '../checkpoints/settings.ts';
import { deadLetterSettings } from '../dead-letters/settings.ts';
import { embeddedSettings } from '../embedded/settings.ts';
import { faultSettings } from '../fail-points.ts';
import { shutdownSettings } from '../lifecycle.ts';
import { streamSettings } from '../live/settings.ts';
import type { Settings, ValuesOf } from '../model/setting.ts';
import { pacingSettings, type PacingSettings } from '../pacing/token-bucket.ts';
import { admissionSettings } from '../operators/admission.ts';
import { barSettings } from '../operators/bar-settings.ts';
import { indicatorSettings } from '../operators/indicators/settings.ts';
import { storeConnectionSettings } from '../postgres.ts';
import { queueSettings } from '../queues/settings.ts';
import { serverSettings } from '../server/settings.ts';
import { kafkaSinkSettings } from '../sinks/kafka/settings.ts';
import { pipelineSettings } from '../sinks/row-batcher.ts';
import { sinkBreakerSettings, sinkRetrySettings, sinkSettings } from '../sinks/settings.ts';
import {
  kafkaCircuitBreakerSettings, kafkaRecentMessagesSettings, kafkaSaslSettings, kafkaSettings, kafkaSslSettings,
  kafkaTopicStatsSettings, kafkaWatchdogSettings,
} from '../kafka/settings.ts';
import { sourceTypes } from '../sources/registry.ts';
import type { SourceContext } from '../sources/settings.ts';
import { storeSettings } from '../store/settings.ts';
import { crashReportSettings, logSettings, telemetrySettings, watchdogSettings } from '../telemetry/settings.ts';
import type { SettingsTree, TreeValues } from './tree.ts';

const nameSettings = {
  name: {
    type: 'text', default: 'market-data',
    doc: 'Name of the pipeline and prefix of its lanes: several pipelines can share a database. Letters, ' +
      'digits, `.`, `_` and `-`.',
  },
} as const satisfies Settings;

/** Everything that can be set, but for the sources: the shape of config.yaml, in the order of data. */
export const settingsTree = {
  ...nameSettings,
  bars: barSettings,
  indicators: indicatorSettings,
  alerts: alertSettings,
  pacing: { budget: pacingSettings },
  queues: queueSettings,
  pipeline: pipelineSettings,
  sink: { ...sinkSettings, kafka: kafkaSinkSettings, retry: sinkRetrySettings, circuit_breaker: sinkBreakerSettings },
  checkpoint: checkpointSettings,
  dead_letters: deadLetterSettings,
  store: { ...storeConnectionSettings, ...storeSettings },
  embedded: embeddedSettings,
  kafka: {
    ...kafkaSettings,
    sasl: kafkaSaslSettings,
    ssl: kafkaSslSettings,
    circuit_breaker: kafkaCircuitBreakerSettings,
    topic_stats: kafkaTopicStatsSettings,
    recent_messages: kafkaRecentMessagesSettings,
    watchdog: kafkaWatchdogSettings,
  },
  server: serverSettings,
  stream: streamSettings,
  telemetry: telemetrySettings,
  log: logSettings,
  shutdown: shutdownSettings,
  watchdog: watchdogSettings,
  crash_reports: crashReportSettings,
  faults: faultSettings,
} as const satisfies SettingsTree;

/** What one type of source can be told, and whether it can be made to wait; a live connection cannot. */
export interface SourceKind {
  readonly settings: Settings;
  readonly pausable?: boolean;
  /** Makes a source without opening anything; throws an MdpError when its values contradict each other. */
  create?(context: SourceContext<Readonly<Record<string, unknown>>>): unknown;
}

export type SourceKinds = { readonly [type: string]: SourceKind };

/** What admission judges by is set per source, beside the keys of its type. */
export const sourceKinds: SourceKinds = Object.fromEntries(
  Object.entries<SourceKind>(sourceTypes).map(([type, kind]) =>
    [type, { ...kind, settings: { ...kind.settings, ...admissionSettings } }]),
);

type SourceTypes = typeof sourceTypes;

/** One source, as it is configured. Its pacing is the pipeline's where it has none of its own. */
export type SourceConfig = {
  readonly [T in keyof SourceTypes]: {
    readonly name: string;
    readonly type: T;
    readonly values: Omit<ValuesOf<SourceTypes[T]['settings']>, keyof PacingSettings> & PacingSettings &
      ValuesOf<typeof admissionSettings>;
  };
}[keyof SourceTypes];

/** The whole configuration, frozen. Each component is given its slice. */
export type Config = TreeValues<typeof settingsTree> & { readonly sources: readonly SourceConfig[] };
