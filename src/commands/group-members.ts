import type { GroupMembers } from '../model/group-member.ts';
import type { Database, Limit } from '../postgres.ts';
import { laneHolders, noteHolder } from '../store/lane-holders.ts';
import { isGone, thisProcess } from './process-identity.ts';

export interface GroupMemberParts {
  readonly database: Database;
  readonly limit: Limit;
  readonly pipeline: string;
  /** The name of this process, where one was set. */
  readonly instance: string | null;
}

/** Members of consumer groups as the table `lanes` knows them, and this machine. */
export function groupMembers({ database, limit, pipeline, instance }: GroupMemberParts): GroupMembers {
  const own = thisProcess(instance);
  return {
    dead: async (source, group) => {
      const known = await laneHolders(database, limit, `${pipeline}/${source}/`);
      return known.filter((member) => member.group === group && isGone(member.process, own)).map(({ memberId }) => memberId);
    },
    note: (member, lanes) => noteHolder(database, limit, { lanes, holder: { ...member, process: own } }),
  };
}
