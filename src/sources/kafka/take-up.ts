import { MdpError } from '../../errors.ts';
import type { Resume } from '../../model/lane.ts';
import type { HeldPartition } from './held-partition.ts';
import type { TopicIds } from './topic-ids.ts';
import type { TopicOffsets } from './topic-offsets.ts';

export interface TakeUpParts {
  readonly source: string;
  readonly clusterId: string;
  readonly offsets: TopicOffsets;
  readonly ids: TopicIds;
  readonly resume: Resume;
}

/**
 * Takes up the lane of a partition: sets its lane, where reading goes on, and what must still be true of the log. Throws
 * an MdpError `log-changed` where the log is another one or ends before the place that was reached, and what `resume.take`
 * throws.
 */
export async function takeUp(held: HeldPartition, parts: TakeUpParts): Promise<void> {
  const { source, clusterId, offsets, ids, resume } = parts;
  const { topic, partition, name } = held;
  const known = await offsets.of(topic, partition);
  if (known === null) throw new Error(`The brokers do not tell of partition ${name}.`);
  const id = await ids.of(topic);
  const start = await resume.take({
    part: name, logIdentity: `${clusterId}/${name}`, ...(id === null ? {} : { logId: id }),
    repeatable: true, complete: true, beginAt: known.beginAt,
    firstPosition: known.first, endPosition: known.end, siblings: { of: topic, count: known.partitions },
  });
  if (start.position < known.first && start.knownUntilMs === undefined) { // It ran on while the connection was lost.
    resume.release(start.lane);
    return takeUp(held, parts);
  }
  held.lane = start.lane;
  held.next = Math.max(start.position, known.first);
  held.logEnd = known.end;
  ids.took(start.lane, held, id);
  if (start.position > known.end) {
    throw new MdpError('log-changed', `Source "${source}": partition ${name} ends at offset ${known.end}, but was ` +
      `read up to ${start.position} before: the topic was deleted and made anew. Bring the old one back, or give ` +
      `the source another name; \`mdp run --rebuild ${source}\` folds what the topic holds now from its beginning.`);
  }
  held.deletion = start.position < known.first ? start : null;
  const last = start.position - 1;
  held.check = start.lastRecordHash === null || last < known.first ? null : { offset: last, hash: start.lastRecordHash };
}
