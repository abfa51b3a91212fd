import { MdpError } from '../errors.ts';
import type { LaneRequest } from '../model/lane.ts';
import type { PoolClient } from '../postgres.ts';

/**
 * A log that was added to others whose lanes are there already (a partition to a topic): symbols have moved to it, and only
 * people can say that they belong there now. Throws an MdpError `lane-added`.
 */
export async function refuseAdded(client: PoolClient, name: string, { part, siblings }: LaneRequest): Promise<void> {
  if (siblings === undefined || part === undefined) return;
  const prefix = name.slice(0, name.length - part.length) + siblings.of;
  const { rows: [known] } = await client.query<{ count: number | null }>(
    "SELECT max(siblings) AS count FROM lanes WHERE starts_with(name, $1 || '/') AND name <> $2", [prefix, name]);
  if (known.count === null || known.count === siblings.count) return;
  throw new MdpError('lane-added', `Lane ${name} is new: ${siblings.of} had ${known.count} logs when its lanes were taken ` +
    `up, and has ${siblings.count} now. Symbols may have moved between them, and a bar has one owner. When no bar is open ` +
    `across the change, run \`mdp lanes adopt ${siblings.of}\` and start this process again.`);
}
