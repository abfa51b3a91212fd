import type { Kafka } from 'kafkajs';
import type { Clock } from '../model/clock.ts';
import { clusterOf, type Coordinator } from './cluster.ts';

export interface RetireOptions {
  readonly group: string;
  /** Of members that are dead: the others would go on in their place. */
  readonly memberIds: readonly string[];
  readonly clock: Clock;
  /** Fires when it is not wanted any more. */
  readonly signal: AbortSignal;
}

const lookEveryMs = 50;

/**
 * Leaves a group in the place of members that cannot do so themselves, so that nobody waits for their session to time out.
 * Call it while the group is being joined: it waits until the brokers have heard of that. A group that became empty in
 * between would make the next member wait for others that might come (group.initial.rebalance.delay.ms, 3 s by default);
 * a join that waits only for the dead is complete when they are gone. Gives back those that were still members. Throws
 * what kafkajs throws.
 */
export async function retireMembers(kafka: Kafka, options: RetireOptions): Promise<readonly string[]> {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId: options.group });
    const members = await waitedFor(coordinator, options);
    for (const memberId of members) await leave(coordinator, { groupId: options.group, memberId });
    return members;
  } finally {
    await cluster.disconnect();
  }
}

/** Those that the group waits for, once it does; none when they are no members any more. */
async function waitedFor(
  coordinator: Coordinator, { group, memberIds, clock, signal }: RetireOptions,
): Promise<readonly string[]> {
  while (!signal.aborted) {
    const { groups: [found] } = await coordinator.describeGroups({ groupIds: [group] });
    const members = memberIds.filter((id) => found.members.some(({ memberId }) => memberId === id));
    if (members.length === 0 || found.state === 'PreparingRebalance') return members;
    await clock.wait(lookEveryMs, signal);
  }
  return [];
}

async function leave(coordinator: Coordinator, member: { groupId: string; memberId: string }): Promise<void> {
  try {
    await coordinator.leaveGroup(member);
  } catch (error) {
    const isGone = error instanceof Error && 'type' in error && error.type === 'UNKNOWN_MEMBER_ID';
    if (!isGone) throw error;
  }
}
