import type { Database } from '../../../src/postgres.ts';

const limit = { deadlineMs: 60_000 };

/**
 * Writes down, on the server and in the writer's own transaction, what becomes of bars, values of indicators, checkpoints and tellings: nobody
 * has to look at the right moment to see a stamp go back. When a line was committed the server itself remembers, with
 * `track_commit_timestamp`.
 */
export class Journal {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async install(database: Database): Promise<Journal> {
    await database.query(limit, journalSql);
    return new Journal(database);
  }

  /** What must never happen and did; empty. Lines of pipelines whose name does not start with `prefix` are left out. */
  async problems(prefix: string): Promise<string[]> {
    const { rows } = await this.#database.query<{ problem: string }>(limit, problemsSql, [`${prefix}/%`]);
    return rows.map((row) => row.problem);
  }

  async count(what: 'updates' | 'deletes' | 'checkpoints' | 'takes', prefix: string): Promise<number> {
    const from = {
      updates: "journal_bars WHERE op = 'UPDATE'", deletes: "journal_bars WHERE op = 'DELETE'",
      checkpoints: 'journal_checkpoints WHERE true', takes: 'journal_takes WHERE true',
    };
    const { rows } = await this.#database.query<{ count: number }>(
      limit, `SELECT count(*) AS count FROM ${from[what]} AND lane LIKE $1`, [`${prefix}/%`]);
    return rows[0].count;
  }
}

/** Rows of a table with a stamp, in a journal of their own; `key` names a row for people. */
const noteRows = (table: 'bars' | 'indicators', key: (row: 'NEW' | 'OLD') => string): string => `
CREATE TABLE journal_${table} (op text, lane text, key text, generation bigint, position bigint, state smallint, whole boolean,
  old_generation bigint, old_position bigint, old_state smallint, old_whole boolean);
CREATE FUNCTION note_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO journal_${table} VALUES (TG_OP, NEW.lane, ${key('NEW')}, NEW.generation, NEW.position, NEW.state, NEW.whole);
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO journal_${table} VALUES (TG_OP, NEW.lane, ${key('NEW')}, NEW.generation, NEW.position, NEW.state, NEW.whole,
      OLD.generation, OLD.position, OLD.state, OLD.whole);
  ELSE
    INSERT INTO journal_${table} VALUES (TG_OP, OLD.lane, ${key('OLD')}, NULL, NULL, NULL, NULL,
      OLD.generation, OLD.position, OLD.state, OLD.whole);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_${table} AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION note_${table}();
`;

const journalSql = `
${noteRows('bars', (row) => `concat_ws(' ', ${row}.venue, ${row}.symbol, ${row}.bar_spec, ${row}.open_time)`)}
${noteRows('indicators', (row) => (
    `concat_ws(' ', ${row}.venue, ${row}.symbol, ${row}.bar_spec, ${row}.indicator, ${row}.open_time)`))}
CREATE TABLE journal_checkpoints (op text, lane text, generation bigint, position bigint, old_generation bigint, old_position bigint);
CREATE TABLE journal_takes (lane text, generation bigint);
CREATE FUNCTION note_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO journal_checkpoints VALUES (TG_OP, OLD.lane, NULL, NULL, OLD.generation, OLD.position);
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO journal_checkpoints VALUES (TG_OP, NEW.lane, NEW.generation, NEW.position, OLD.generation, OLD.position);
  ELSE
    INSERT INTO journal_checkpoints VALUES (TG_OP, NEW.lane, NEW.generation, NEW.position);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_checkpoint AFTER INSERT OR UPDATE OR DELETE ON lane_checkpoints
  FOR EACH ROW EXECUTE FUNCTION note_checkpoint();
CREATE FUNCTION note_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.generation <> OLD.generation THEN
    INSERT INTO journal_takes VALUES (NEW.name, NEW.generation);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_take AFTER INSERT OR UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION note_take();
`;

const problemsOfRows = (table: 'bars' | 'indicators'): string => `
SELECT 'a row of ${table} went back: ' || row_to_json(one) AS problem FROM journal_${table} AS one
 WHERE lane LIKE $1 AND op = 'UPDATE' AND (generation, position, state) < (old_generation, old_position, old_state)
UNION ALL
SELECT 'a whole row of ${table} was replaced by one that is not: ' || row_to_json(one) FROM journal_${table} AS one
 WHERE lane LIKE $1 AND op = 'UPDATE' AND old_whole AND old_state = 3 AND NOT whole
UNION ALL
SELECT 'a row of ${table} was deleted that no newer telling holds: ' || row_to_json(one) FROM journal_${table} AS one
 WHERE lane LIKE $1 AND op = 'DELETE'
   AND NOT EXISTS (SELECT FROM journal_takes AS take WHERE take.lane = one.lane AND take.generation > one.old_generation)
UNION ALL
SELECT 'a row of ${table} of an older telling was committed after a newer was taken up: ' || row_to_json(one)
  FROM journal_${table} AS one JOIN journal_takes AS take ON take.lane = one.lane AND take.generation > one.generation
 WHERE one.lane LIKE $1 AND pg_xact_commit_timestamp(one.xmin) > pg_xact_commit_timestamp(take.xmin)`;

const problemsSql = `
${problemsOfRows('bars')}
UNION ALL
${problemsOfRows('indicators')}
UNION ALL
SELECT 'a checkpoint went back: ' || row_to_json(one) FROM journal_checkpoints AS one
 WHERE lane LIKE $1 AND (op = 'DELETE' OR (generation, position) < (old_generation, old_position))
UNION ALL
SELECT 'a checkpoint of an older telling was committed after a newer was taken up: ' || row_to_json(one)
  FROM journal_checkpoints AS one JOIN journal_takes AS take ON take.lane = one.lane AND take.generation > one.generation
 WHERE one.lane LIKE $1 AND pg_xact_commit_timestamp(one.xmin) > pg_xact_commit_timestamp(take.xmin)
LIMIT 20`;
