import type { Metric } from '../../src/telemetry/metric.ts';
import { metrics } from '../../src/telemetry/metrics.ts';

const intro = `# Metrics

<!-- Made by \`./scripts/dev.sh docs\` from the declarations in src/telemetry. Change those, not this page. -->

\`/metrics\` serves them in Prometheus's text format, on \`server.port\` and, where \`telemetry.metrics_port\` is another
one, there too. Every name is there from the start of the program, and at zero every series whose labels are known by
then.

- Every series has the label \`pipeline\`. No series ever has a symbol.
- The pipeline counts in plain numbers where things happen; a scrape reads all of them in one go, so that the figures
  of one scrape agree with each other: the ledgers balance in it. Only histograms are observed when something happens,
  once per batch or per request.
- Counters never fall while the process lives. A lane that goes and comes back is added to what it had counted before.
- \`lane\` stands where lanes differ in what matters; there are as many as logs (files, partitions), not as symbols.

Two ledgers, term by term, so that an alert can check them:

- ticks: \`mdp_ticks_received_total\` + \`mdp_ticks_restored_total\` = aggregated + duplicate + late + excluded + rejected +
  dropped + held + in flight;
- rows: \`mdp_rows_emitted_total\` = \`mdp_sink_items_committed_total\` + superseded + set aside + dropped + in flight.

\`mdp_ledger_imbalance\` is the difference, computed at the same moment as its terms: anything but 0 is a fault of the
program.

\`mdp_queue_high_water\` is the greatest depth since the scrape before, and of at least the last minute. So each of two
scrapers sees every peak, and none has to be faster than the peaks are short.
`;

const groups: readonly (readonly [title: string, names: RegExp])[] = [
  ['Sources', /^mdp_source_/],
  ['Consumers of Kafka', /^mdp_kafka_/],
  ['What became of the ticks', /^mdp_ticks_/],
  ['Operators and lanes', /^(mdp_)?operator_|^mdp_gaps_|^mdp_lane_/],
  ['Checkpoints', /^mdp_checkpoint/],
  ['Queues', /^mdp_queue_/],
  ['Sink', /^mdp_sink_/],
  ['What became of the rows', /^mdp_rows_|^mdp_dead_letters_/],
  ['Trust', /^mdp_ledger_/],
  ['Alerts', /^mdp_alert|^mdp_webhook_/],
  ['The live stream', /^mdp_stream_/],
  ['Server and program', /^mdp_http_|^mdp_event_loop_|^mdp_build_/],
];

const outro = `
## The process

Beside these the usual ones of a Node.js process, under their usual names: \`process_cpu_seconds_total\`,
\`process_resident_memory_bytes\`, \`process_open_fds\`, \`process_start_time_seconds\`,
\`nodejs_heap_size_used_bytes\`, \`nodejs_gc_duration_seconds\` and their like, but for \`nodejs_eventloop_lag_*\`: its
samples would wake an idle daemon more often than all else, and \`mdp_event_loop_lag_seconds\` tells the same.
`;

/** docs/metrics.md. Throws when a metric belongs to no group. */
export function metricsPage(): string {
  const homeless = metrics.filter(({ name }) => !groups.some(([, names]) => names.test(name)));
  const names = homeless.map(({ name }) => name).join(', ');
  if (homeless.length > 0) throw new Error(`no group of docs/metrics.md takes ${names}`);
  const sections = groups.map(([title, names]) => section(title, metrics.filter(({ name }) => names.test(name))));
  return `${intro}${sections.join('')}${outro}`;
}

function section(title: string, members: readonly Metric[]): string {
  const rows = members.map(({ name, kind, labels, help }) =>
    `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`);
  return `\n## ${title}\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}
