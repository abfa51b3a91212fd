import type { Trial } from './trial.ts';

/** Somebody changes the tables while the pipeline writes. */
export interface SchemaFault {
  readonly title: string;
  readonly hurt: string;
  readonly heal: string;
  /** What the server answers from then on. */
  readonly sqlState: string;
  /** What people are told to do; to run `mdp migrate` unless given. */
  readonly advice?: string;
}

const limit = { deadlineMs: 30_000 };

/** Rows cannot be written any more, and waiting cures nothing. */
export const fatalSchemaFaults: readonly SchemaFault[] = [
  {
    title: 'a column of bars has another name', sqlState: '42703',
    hurt: 'ALTER TABLE bars RENAME COLUMN vwap TO average', heal: 'ALTER TABLE bars RENAME COLUMN average TO vwap',
  },
  {
    title: 'a column of bars is gone', sqlState: '42703',
    hurt: 'ALTER TABLE bars DROP COLUMN written_at',
    heal: 'ALTER TABLE bars ADD COLUMN written_at timestamptz NOT NULL DEFAULT now()',
  },
  {
    title: 'a column of bars has another type', sqlState: '22P03',
    hurt: 'ALTER TABLE bars ALTER COLUMN trades TYPE integer', heal: 'ALTER TABLE bars ALTER COLUMN trades TYPE bigint',
  },
  {
    title: 'somebody has added a column that must have a value', sqlState: '23502', advice: 'give it a DEFAULT',
    hurt: 'ALTER TABLE bars ADD COLUMN region text; UPDATE bars SET region = $$$$; ALTER TABLE bars ALTER COLUMN region SET NOT NULL',
    heal: 'ALTER TABLE bars DROP COLUMN region',
  },
  {
    title: 'the table of late ticks has another name', sqlState: '42P01',
    hurt: 'ALTER TABLE late_ticks RENAME TO too_late', heal: 'ALTER TABLE too_late RENAME TO late_ticks',
  },
  {
    title: 'the fence has another name', sqlState: '42883',
    hurt: 'ALTER FUNCTION mdp_fence(text[], bigint[]) RENAME TO mdp_hedge',
    heal: 'ALTER FUNCTION mdp_hedge(text[], bigint[]) RENAME TO mdp_fence',
  },
];

/** Rows can be written, checkpoints cannot: nothing is lost by going on. */
export const checkpointSchemaFaults: readonly SchemaFault[] = [
  {
    title: 'a column of lane_checkpoints has another name', sqlState: '42703',
    hurt: 'ALTER TABLE lane_checkpoints RENAME COLUMN ended TO over',
    heal: 'ALTER TABLE lane_checkpoints RENAME COLUMN over TO ended',
  },
  {
    title: 'the table lane_checkpoints has another name', sqlState: '42P01',
    hurt: 'ALTER TABLE lane_checkpoints RENAME TO lane_saves', heal: 'ALTER TABLE lane_saves RENAME TO lane_checkpoints',
  },
];

/** Views that stand on what is changed are in the way of nobody who only writes. */
export async function changeSchema({ database }: Trial, statement: string): Promise<void> {
  await database.query(limit, 'DROP VIEW IF EXISTS bars_in_words CASCADE');
  await database.query(limit, statement);
}
