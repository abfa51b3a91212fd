import { messageOf } from '../../errors.ts';
import type { Consumer, Kafka } from '../../kafka/client.ts';
import { retireMembers } from '../../kafka/retire-members.ts';
import type { Clock } from '../../model/clock.ts';
import type { GroupMembers } from '../../model/group-member.ts';
import type { Lane } from '../../model/lane.ts';

export interface MembershipOptions {
  readonly source: string;
  readonly group: string;
  /** Absent where nobody keeps them. */
  readonly members?: GroupMembers;
  readonly clock: Clock;
  readonly onTrouble: (message: string) => void;
}

/**
 * Who we are in the consumer group, over all sessions, kept where the process after us finds it: that one takes us out of
 * the group when we have died without a word, as we do with the one before us. Nothing depends on it but how soon reading
 * goes on: without it the brokers give up a dead member after its session timeout.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #waiting = new Set<string>();
  #memberId: string | null = null;
  #isNoting = false;
  #hasRetired = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** A session begins with this consumer, which is about to join; `held` gives the lanes that it reads. */
  begin(kafka: Kafka, consumer: Consumer, held: () => readonly Lane[]): void {
    const joined = new AbortController();
    consumer.on('consumer.group_join', ({ payload: { memberId } }) => {
      joined.abort();
      if (memberId === this.#memberId) return;
      this.#memberId = memberId;
      this.#note(held());
    });
    consumer.on('consumer.disconnect', () => joined.abort());
    consumer.on('consumer.crash', () => joined.abort());
    if (this.#hasRetired) return; // Whoever dies from now on is not our predecessor.
    this.#hasRetired = true;
    void this.#retire(kafka, joined.signal);
  }

  /** This lane was taken up. */
  took(lane: Lane): void {
    if (this.#memberId !== null) this.#note([lane]);
  }

  async #retire(kafka: Kafka, signal: AbortSignal): Promise<void> {
    const { source, group, members, clock, onTrouble } = this.#options;
    try {
      const memberIds = await members?.dead(source, group) ?? [];
      if (memberIds.length > 0) await retireMembers(kafka, { group, memberIds, clock, signal });
    } catch (error) {
      onTrouble(`Kafka, source ${source}: a member of group ${group} that is dead could not be taken out of it ` +
        `(${messageOf(error)}); the brokers do that when its session has timed out.`);
    }
  }

  /** One statement at a time: what comes meanwhile waits for the next one together. */
  #note(lanes: readonly Lane[]): void {
    for (const { name } of lanes) this.#waiting.add(name);
    if (!this.#isNoting) void this.#noteAll();
  }

  async #noteAll(): Promise<void> {
    const { source, group, members, onTrouble } = this.#options;
    this.#isNoting = true;
    while (members !== undefined && this.#memberId !== null && this.#waiting.size > 0) {
      const names = [...this.#waiting];
      this.#waiting.clear();
      await members.note({ group, memberId: this.#memberId }, names).catch((error: unknown) => onTrouble(
        `Kafka, source ${source}: who reads its lanes was not noted (${messageOf(error)}); should this process die, the ` +
          'one after it waits for the session timeout.'));
    }
    this.#isNoting = false;
  }
}
