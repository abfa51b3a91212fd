import type { Mutant } from './list.ts';

const backup = { file: 'scripts/backup.sh', test: 'tests/operations/refused-backups.test.ts' };
const restore = { file: 'scripts/restore.sh', test: 'tests/operations/refused-backups.test.ts' };
const alerts = { file: 'monitoring/alerts.yml', test: 'tests/packaging/linters.test.ts' };
const rules = { file: 'monitoring/alerts.yml', test: 'tests/operations/alerts/lanes.test.ts' };
const bounded = { test: 'tests/telemetry/label-bounds.test.ts' };
const whole = { test: 'tests/operations/backup.test.ts' };
const grows = { test: 'tests/operations/retention.test.ts' };

/** Faults of what people do at night: backup, restore, retention, alerts and their runbooks. */
export const operationsMutants: readonly Mutant[] = [
  {
    ...whole, file: 'scripts/backup.sh', name: 'a dump of another moment than what was measured',
    find: '--snapshot="$snapshot" ', replace: '',
    shows: 'of a database that fills meanwhile is one moment of it',
  },
  {
    ...backup, name: 'old backups removed before there is a new one',
    find: '# One snapshot for the dump',
    replace: 'for old in "$to"/mdp-*; do [[ $(basename "$old") > "mdp-$oldest" ]] || rm -rf "$old"; done\n# One snapshot',
    shows: 'stay where no new one came to be: the last good one is never removed',
  },
  {
    ...backup, name: 'a dump that nobody has read back',
    find: '|| fail "The dump cannot be read back; nothing was kept of it."', replace: '|| true',
    shows: 'stay where no new one came to be: the last good one is never removed',
  },
  {
    ...restore, name: 'a restore that does not look at the sums',
    find: 'sha256sum --check --quiet SHA256SUMS 2>&1', replace: 'true',
    shows: 'by one bit of the manifest are refused',
  },
  {
    ...restore, name: 'a restore over rows',
    find: '  [ "$table" != public.schema_version ] || continue', replace: '  continue',
    shows: 'never over rows, whatever is said',
  },
  {
    ...restore, name: 'a restore that compares nothing',
    find: '  differing=1\n', replace: '',
    shows: 'in what the database holds afterwards are told of by table',
  },
  {
    file: 'scripts/restore.sh', test: 'tests/operations/timescale-restore.test.ts',
    name: 'a database that is being restored for ever',
    find: '  trap \'ask_once "SELECT timescaledb_post_restore()" >/dev/null\' EXIT\n', replace: '',
    shows: 'leaves no database behind that takes itself for one that is being restored',
  },
  {
    ...grows, file: 'src/store/side-tables.ts', name: 'old rows deleted once and never to the end',
    find: 'last === rowsAtOnce; deleted += last', replace: 'deleted === 0; deleted += last',
    shows: 'loses more rows than one statement takes',
  },
  {
    ...grows, file: 'src/store/maintenance.ts', name: 'late ticks deleted that are not settled',
    find: 'untilMs: this.#cutoffMs(keepMs) };', replace: 'untilMs: this.#parts.clock.nowMs() - keepMs };',
    shows: 'keeps what its lanes have not settled, however old',
  },
  {
    ...grows, file: 'src/store/ages.ts', name: 'a gap that goes before its bars',
    find: 'gapsMs < Math.max(keepAllMs ?? Infinity', replace: 'gapsMs < Math.max(keepAllMs ?? 0',
    shows: 'are refused where a gap would go before the bars that it explains',
  },
  {
    file: 'src/store/compared-tables.ts', test: 'tests/store/compare-rows.test.ts',
    name: 'a late tick that retention has deleted, called missing',
    find: "    THEN 'expired' END`,", replace: "    THEN 'missing' END`,",
    shows: 'that are late ticks and gaps past their retention may be gone, and younger ones may not',
  },
  {
    file: 'src/checkpoints/encode.ts', test: 'tests/operations/roll-out.test.ts',
    name: 'a checkpoint of a newer version, read as if it were of this one',
    find: 'if (written !== version) {', replace: 'if (written < version) {',
    shows: 'back to a version that does not know the checkpoint: refused in words',
  },
  {
    ...alerts, name: 'an alert on health that a start sets off',
    find: 'time() - process_start_time_seconds > 300', replace: 'time() - process_start_time_seconds > 0',
    shows: 'each alert fires when it must, and only then',
  },
  {
    file: 'docs/troubleshooting.md', test: 'tests/operations/runbooks.test.ts', name: 'an alert without a runbook',
    find: '### MdpDeadLetters\n', replace: '### MdpLetters\n',
    shows: 'has symptom, check and fix for every alert',
  },
  {
    ...rules, name: 'an alert of loss for ticks that another process folds',
    find: '{reason!~".*/(overtaken|lane-lost)"}', replace: '',
    shows: 'says that two work on one lane, and that is all it says: nothing is lost by it',
  },
  {
    ...rules, name: 'a lost lane that is told of only where rows of it were refused',
    find: 'increase(mdp_lane_lost_total[5m]) > 0',
    replace: 'sum by (pipeline, instance) (increase(mdp_sink_batches_failed_total{reason="lane-lost"}[5m])) > 0',
    shows: 'says that a lane was taken away by a newer telling, though nothing of it was waiting',
  },
  {
    file: 'src/telemetry/metrics.ts', test: 'tests/operations/alerts/kafka.test.ts', name: 'a lag that grows and is shown as none',
    find: 'Math.max(0, logEnd - position)', replace: 'Math.min(0, logEnd - position)',
    shows: 'says that a log grows faster than it is read',
  },
  {
    file: 'src/sources/run-source.ts', test: 'tests/operations/alerts/kafka.test.ts', name: 'a source that is lost and not counted',
    find: '        this.#disconnects++;\n', replace: '',
    shows: 'says that a source is lost again and again',
  },
  {
    file: 'src/sources/kafka/silence-watch.ts', test: 'tests/operations/alerts/kafka.test.ts', name: 'a silence that nobody measures',
    find: 'return isMember ? Math.min(stillMs, longestMs(this.#brokers, nowMs)) : stillMs;', replace: 'return 0 * stillMs;',
    shows: 'says that records wait and none comes, where a broker is frozen',
  },
  {
    file: 'src/postgres-faults.ts', test: 'tests/operations/alerts/full-disk.test.ts', name: 'rows set aside because a disk is full',
    find: "['53100', { action: 'retry',", replace: "['53100', { action: 'set-aside',",
    shows: 'sets off the alert that nothing is written',
  },
  {
    file: 'src/telemetry/happenings.ts', test: 'tests/operations/alerts/database.test.ts', name: 'a line for each look that fails',
    find: 'this.#repeats.happened(`look ${what}`,', replace: 'this.#repeats.happened(`look ${this.#clock.nowMs()}`,',
    shows: 'leaves a log that can be read: what comes about every second is said once, then summed up',
  },
  {
    file: 'src/pipeline.ts', test: 'tests/pipeline.test.ts', name: 'a lane that was lost and is not counted',
    find: '    this.#lanes.lost(lane);\n', replace: '',
    shows: 'is retired by its checkpoint, too, where it has no rows that could be refused',
  },
  {
    file: 'src/lane-book.ts', test: 'tests/pipeline.test.ts', name: 'a lane that is lost once for each batch of it',
    find: '    if (this.#lost.has(lane)) return;\n', replace: '',
    shows: 'is named as failed though its source had ended before its rows were refused',
  },
  {
    file: 'src/telemetry/metrics.ts', test: 'tests/operations/alerts/database.test.ts', name: 'a breaker that /metrics shows closed',
    find: 'perSink((sink) => breakerStates.indexOf(sink.breaker))', replace: 'perSink(() => 0)',
    shows: 'says that nothing is written, as /health does in words',
  },
  {
    ...bounded, file: 'src/server/listener.ts', name: 'a series for each path that somebody asks for',
    find: "method: request.method, route: request.routeOptions.url ?? 'none'", replace: 'method: request.method, route: request.url',
    shows: 'do not grow with names of symbols, texts of errors and paths that others choose',
  },
  {
    ...bounded, file: 'src/telemetry/metrics.ts', name: 'a label without bounds',
    find: "gauge('mdp_ticks_held', [],", replace: "gauge('mdp_ticks_held', ['symbol' as 'reason'],",
    shows: 'of mdp_ticks_held has few values, for a known reason',
  },
  {
    file: 'src/telemetry/heartbeat.ts', test: 'tests/telemetry/heartbeat.test.ts', name: 'a long stop that counts once',
    find: 'swallowedMs > 0;', replace: 'swallowedMs > lateMs;',
    shows: 'counts every beat that a long stop has swallowed',
  },
  {
    file: 'src/server/listener.ts', test: 'tests/server/late-schemas.test.ts', name: 'every schema compiled at the start',
    find: '    schemaController: { compilersFactory: lateSchemas },\n', replace: '',
    shows: 'has no compiler of schemas and no fetch',
  },
  {
    file: 'src/server/json-schema.ts', test: 'tests/server/json-schema.test.ts', name: 'a field that may be missing and must be there',
    find: ".filter((name) => properties[name]['~optional'] !== true)", replace: '',
    shows: 'says Object as TypeBox does',
  },
];
