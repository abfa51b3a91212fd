const values = ['lane', 'close_time', 'value', 'bar_state', 'whole', 'generation', 'position'] as const;

/** As of values of indicators: of another lane left alone; the greater stamp; never what is not whole over what is. */
const guard = `CASE
    WHEN alerts.lane = excluded.lane AND alerts.generation = excluded.generation
    THEN (excluded.position, excluded.bar_state) > (alerts.position, alerts.bar_state)
    WHEN alerts.lane <> excluded.lane THEN false
    ELSE excluded.generation > alerts.generation AND (excluded.whole OR NOT (alerts.whole AND alerts.bar_state = 3))
  END`;

/** What was never triggered is not withdrawn. */
const state = `CASE WHEN excluded.state = 1 THEN 1 WHEN alerts.state = 0 THEN 0 ELSE 2 END`;

/** What a version came to and from where on it holds are stored together: else one that dies could begin it elsewhere. */
export const beginRules = `UPDATE alert_rules AS rule
     SET valid_from = timestamptz 'epoch' + from_us * interval '1 microsecond'
    FROM unnest($1::uuid[], $2::integer[], $3::bigint[]) AS row (id, version, from_us)
   WHERE rule.id = row.id AND rule.version = row.version AND rule.valid_from IS NULL`;

/**
 * $1 is the lane, $2 its generation; the others are arrays, in key order, times in microseconds since 1970. States: 0 not
 * met, 1 triggered, 2 withdrawn. A row of "not met" that is not to be kept only speaks against a stored one.
 */
export const upsertAlerts = `INSERT INTO alerts
         (rule_id, rule_version, venue, symbol, bar_spec, open_time, bar_index, state, ${values.join(', ')})
  SELECT rule_id, rule_version, venue, symbol, bar_spec, open_time, bar_index, CASE WHEN is_met THEN 1 ELSE 0 END,
         $1::text, timestamptz 'epoch' + close_us * interval '1 microsecond', value, bar_state, whole, $2::bigint, position
    FROM (SELECT *, timestamptz 'epoch' + open_us * interval '1 microsecond' AS open_time
            FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::integer[],
                        $10::bigint[], $11::boolean[], $12::float8[], $13::smallint[], $14::boolean[], $15::bigint[],
                        $16::boolean[])
                 AS row (rule_id, rule_version, venue, symbol, bar_spec, open_us, bar_index, close_us, is_met, value,
                         bar_state, whole, position, kept)) AS told
   WHERE kept OR EXISTS (
           SELECT FROM alerts AS stored
            WHERE stored.rule_id = told.rule_id AND stored.rule_version = told.rule_version
              AND stored.open_time = told.open_time AND stored.bar_index = told.bar_index)
  ON CONFLICT (rule_id, rule_version, open_time, bar_index) DO UPDATE SET
         ${values.map((column) => `${column} = excluded.${column}`).join(', ')}, written_at = now(), state = ${state},
         changed_at = CASE WHEN alerts.state = ${state} THEN alerts.changed_at ELSE now() END,
         deliver_attempts = CASE WHEN alerts.state = ${state} THEN alerts.deliver_attempts ELSE 0 END,
         deliver_after = CASE WHEN alerts.state = ${state} THEN alerts.deliver_after ELSE now() END
   WHERE ${guard}`;
