/** What the user must be able to do and is not; fails with 42P01 where a table is missing. The fence needs UPDATE. */
export const missingPrivileges = `SELECT right_name || ' on ' || table_name AS missing
    FROM (VALUES ('lanes'), ('bars'), ('indicators'), ('late_ticks'), ('gaps'), ('alerts'),
               ('alert_rules'), ('dead_letters')) AS tables (table_name)
   CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE')) AS rights (right_name)
   WHERE NOT (table_name = 'lanes' AND right_name = 'INSERT')
     AND NOT (table_name IN ('late_ticks', 'gaps') AND right_name = 'UPDATE')
     AND NOT (table_name = 'alert_rules' AND right_name = 'INSERT')
     AND NOT has_table_privilege(table_name, right_name)
  UNION ALL
  SELECT 'TEMPORARY on database ' || current_database()
   WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')`;
