import type { LiveStatus } from '../model/live.ts';
import type { Channel, StreamAlert, StreamHealth } from '../model/stream.ts';

export type { LiveStatus, SnapshotReason } from '../model/live.ts';

/** Where the hub's messages to one client go. */
export interface ClientOutlet {
  /** One whole message, already JSON. The buffer may be shared between clients: nobody changes it. */
  send(message: Buffer): void;
  /** Bytes that were sent and are not on the wire yet. */
  readonly bufferedBytes: number;
}

/**
 * One client of the hub, as the one who holds its socket sees it. Every call returns at once and throws nothing; answers
 * go to the outlet. hello, bye and heartbeats are the socket's, and have no `seq`.
 */
export interface LiveClient {
  /** Answers `subscribed` or `refused`, all of the channels or none; then a snapshot of what was just subscribed to. */
  subscribe(id: number, channels: readonly Channel[]): void;
  /** Answers `unsubscribed`; a channel that was not subscribed to is no fault. */
  unsubscribe(id: number, channels: readonly Channel[]): void;
  /** Answers `conflated`, or `refused` where `ms` is out of bounds. */
  conflate(id: number, ms: number): void;
  /** A snapshot of everything that is subscribed to, which is the answer. */
  resync(id: number): void;
  /** The outlet has room again. */
  drained(): void;
  /** Nothing is sent any more. May be called twice. */
  close(): void;
  /** How many channels are subscribed to. */
  readonly subscriptions: number;
}

export interface LiveHubView {
  /** A new client without subscriptions, with the conflation of the settings. The caller has looked at `clients_max`. */
  connect(outlet: ClientOutlet): LiveClient;
  readonly status: LiveStatus;
  /** Between two batches of lanes, like all that is asked of the hub: clients are told at once. */
  publishAlerts(alerts: readonly StreamAlert[]): void;
  publishHealth(health: StreamHealth): void;
}
