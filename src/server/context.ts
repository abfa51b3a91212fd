import type { LiveHubView } from '../live/client.ts';
import type { AlertStore } from '../model/alert-store.ts';
import type { Clock } from '../model/clock.ts';
import type { PositionStore } from '../model/position.ts';
import type { RecentTopics } from '../model/message.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { MetricRegistry, Measured } from '../telemetry/registry.ts';
import type { telemetrySettings } from '../telemetry/settings.ts';
import type { AlertScope } from './alert-terms.ts';
import type { ApiKeys, KeyEvents } from './api-keys.ts';
import type { BadInputSettings } from './bad-input.ts';
import type { GuardEvents } from './guard.ts';
import type { Health } from './health.ts';
import type { StoreReader } from '../store/reads.ts';
import type { serverSettings } from './settings.ts';
import type { StreamLimits } from './stream/live-stream.ts';
import type { Tickets } from './stream/tickets.ts';

export type ServerSettings = ValuesOf<typeof serverSettings>;

/** Past tense: each is called once per request or per start. */
export interface ServerEvents extends KeyEvents, GuardEvents {
  listening(urls: readonly string[]): void;
  requestAnswered(answered: { method: string; route: string; status: number; seconds: number }): void;
  requestFailed(route: string, error: unknown): void;
}

/** What of the pipeline can be looked at while it happens. */
export interface LiveParts {
  readonly hub: LiveHubView;
  readonly settings: StreamLimits;
}

/** All that the server knows of the program: it looks at the pipeline and never touches it. */
export interface ServerContext {
  readonly settings: ServerSettings;
  readonly telemetry: ValuesOf<typeof telemetrySettings>;
  readonly badInput: BadInputSettings;
  readonly pipeline: Measured;
  readonly store: StoreReader;
  readonly positions: PositionStore;
  readonly alerts: { readonly store: AlertStore; readonly scope: AlertScope };
  /** The messages of topics that were read last. */
  readonly recentTopics: RecentTopics;
  readonly metrics: MetricRegistry;
  readonly events: ServerEvents;
  /** Absent where there is no live stream. */
  readonly live?: LiveParts;
  readonly clock: Clock;
  readonly version: string;
  /** Digest of the effective configuration without its secrets: equal for equal configurations. */
  readonly configDigest: string;
}

/** What a route is given. */
export interface RouteContext extends ServerContext {
  readonly keys: ApiKeys;
  readonly tickets: Tickets;
  health(): Health;
}
