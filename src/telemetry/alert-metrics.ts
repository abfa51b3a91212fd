import { counter, gauge, type Metric } from './metric.ts';
import { alertsByState } from './samples.ts';

const deliveryOutcomes = ['delivered', 'failed', 'refused', 'given-up'] as const;

/** Rules on bars, and who is called when one is met. */
export const alertMetrics: readonly Metric[] = [
  counter('mdp_alerts_total', ['state'],
    'Rules that were met on a bar (triggered), and that a revision of it undid (withdrawn), as lanes of this process found.',
    alertsByState),
  gauge('mdp_alert_rules', [],
    'Rules that there are, over all pipelines of the database.', ({ alerts }) => [{ labels: {}, value: alerts.rules }]),
  counter('mdp_webhook_deliveries_total', ['outcome'],
    'Attempts to call the webhook: delivered, failed (it is tried again), refused (its address is not public), given-up ' +
    '(failed for the last time).', ({ alerts }) => deliveryOutcomes.map((outcome) => (
      { labels: { outcome }, value: alerts.deliveries[outcome] ?? 0 }))),
];
