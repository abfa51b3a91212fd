import { counter, gauge, histogram, type Metric } from './metric.ts';

/** Ten milliseconds are what a client without conflation is promised for all but one update in a hundred. */
const lagSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Of the live stream. */
export const streamMetrics: readonly Metric[] = [
  gauge('mdp_stream_clients', [],
    'Clients of the live stream.', ({ live }) => [{ labels: {}, value: live.clients }]),
  gauge('mdp_stream_subscriptions', [],
    'Channels that they are subscribed to, all clients together.',
    ({ live }) => [{ labels: {}, value: live.subscriptions }]),
  counter('mdp_stream_messages_total', [],
    'Messages that the hub has sent to clients.', ({ live }) => [{ labels: {}, value: live.messages }]),
  counter('mdp_stream_snapshots_total', ['reason'],
    'Of those, snapshots, by what asked for them: a subscription, the client (resync), or that it was too slow.',
    ({ live }) => Object.entries(live.snapshots).map(([reason, value]) => ({ labels: { reason }, value }))),
  histogram('mdp_stream_lag_seconds', [],
    'From the reading of the newest tick of an update until it is handed to a client, the wait of conflation included.',
    lagSeconds),
];
