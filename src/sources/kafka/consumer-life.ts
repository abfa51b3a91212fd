import type { Consumer } from '../../kafka/client.ts';
import type { ConsumerStatus } from '../../model/status.ts';

/**
 * What has become of one consumer over all its sessions, as kafkajs tells of it.
 *   connecting  the brokers are being asked for the group;
 *   member      the group was joined;
 *   lost        a session ended by a fault, and the next has not begun;
 *   left        nothing is read any more.
 */
export class ConsumerLife {
  connection: ConsumerStatus['connection'] = 'connecting';
  memberId: string | null = null;
  sessions = 0;
  joins = 0;
  crashes = 0;
  /** Sessions in a row that had joined the group and ended by a fault before a single message was read. */
  vainSessions = 0;
  /** Why the brokers could not be asked how far their logs reach, or null. */
  brokersProblem: string | null = null;
  /** Answers to Fetches since the group was joined, by broker. */
  readonly fetches = new Map<string, number>();
  #hasJoined = false;
  #messagesBefore = 0;

  /** A session begins with this consumer. `messages` were read before it. */
  begin(consumer: Consumer, messages: number): void {
    this.connection = 'connecting';
    this.sessions++;
    this.#hasJoined = false;
    this.#messagesBefore = messages;
    consumer.on('consumer.group_join', ({ payload }) => {
      this.connection = 'member';
      this.memberId = payload.memberId;
      this.joins++;
      this.#hasJoined = true;
      this.fetches.clear();
    });
    consumer.on('consumer.fetch', ({ payload }) => {
      const broker = 'nodeId' in payload ? String(payload.nodeId) : 'any';
      this.fetches.set(broker, (this.fetches.get(broker) ?? 0) + 1);
    });
    consumer.on('consumer.crash', () => { this.crashes++; });
  }

  /** It has ended by a fault; `messages` have been read by now. */
  failed(messages: number): void {
    this.connection = 'lost';
    this.memberId = null;
    if (messages > this.#messagesBefore) this.vainSessions = 0;
    else if (this.#hasJoined) this.vainSessions++;
    this.#hasJoined = false;
  }

  left(): void {
    this.connection = 'left';
    this.memberId = null;
  }
}
