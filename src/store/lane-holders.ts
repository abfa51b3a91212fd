import type { GroupMember } from '../model/group-member.ts';
import type { Database, Limit } from '../postgres.ts';
import { asking } from './store-error.ts';

/** Who has read lanes whose names begin so, each once. Throws an MdpError. */
export async function laneHolders(database: Database, limit: Limit, prefix: string): Promise<readonly GroupMember[]> {
  const { rows } = await asking(() => database.query<{ holder: GroupMember }>(
    limit, 'SELECT DISTINCT holder FROM lanes WHERE starts_with(name, $1) AND holder IS NOT NULL', [prefix]));
  return rows.map(({ holder }) => holder);
}

/** Says who reads these lanes now. Rows are locked in the order of the fence. Throws an MdpError. */
export async function noteHolder(
  database: Database, limit: Limit, { lanes, holder }: { readonly lanes: readonly string[]; readonly holder: GroupMember },
): Promise<void> {
  await asking(() => database.query(limit, `
    WITH held AS (SELECT name FROM lanes WHERE name = ANY ($1) ORDER BY name FOR NO KEY UPDATE)
    UPDATE lanes SET holder = $2::jsonb FROM held WHERE lanes.name = held.name`, [lanes, JSON.stringify(holder)]));
}
