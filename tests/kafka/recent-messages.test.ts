import { describe, expect, it } from 'vitest';
import { RecentMessages, type RecentMessagesValues } from '../../src/kafka/recent-messages.ts';
import type { RecentMessage } from '../../src/model/message.ts';

const values: RecentMessagesValues = { per_topic: 3, topics_max: 2, message_bytes_max: 1_000, bytes_max: 100_000 };

function messageAt(offset: number, { partition = 0, bytes = 1 } = {}): RecentMessage {
  const value = Buffer.alloc(bytes, offset);
  return { partition, offset, timestampMs: offset, key: null, value, keyBytes: 0, valueBytes: bytes };
}

const many = (from: number, until: number): RecentMessage[] =>
  Array.from({ length: until - from }, (_, index) => messageAt(from + index));
const offsetsOf = (recent: RecentMessages, topic: string): number[] | undefined => recent.of(topic)?.map(({ offset }) => offset);

describe('the recent messages of a topic', () => {
  it('are the newest, newest first, and no more than were asked for', () => {
    const recent = new RecentMessages(values);
    recent.add('a', many(0, 2));
    expect(offsetsOf(recent, 'a')).toEqual([1, 0]);
    recent.add('a', many(2, 9));
    expect(offsetsOf(recent, 'a')).toEqual([8, 7, 6]);
  });

  it('are those of all its partitions, in the order they were read', () => {
    const recent = new RecentMessages(values);
    recent.add('a', [messageAt(5)]);
    recent.add('a', [messageAt(1, { partition: 1 })]);
    recent.add('a', [messageAt(6)]);
    expect(recent.of('a')!.map(({ partition, offset }) => [partition, offset])).toEqual([[0, 6], [1, 1], [0, 5]]);
  });

  it('are there once, however often they are read, and are those of the log as it is now', () => {
    const recent = new RecentMessages(values);
    recent.add('a', many(0, 3));
    recent.add('a', many(1, 3));
    expect(offsetsOf(recent, 'a')).toEqual([2, 1, 0]);
    recent.add('a', many(0, 1)); // It was made anew.
    expect(offsetsOf(recent, 'a')).toEqual([0]);
  });

  it('are none of a topic that somebody reads, and nothing of one that nobody does', () => {
    const recent = new RecentMessages(values);
    recent.expect(['a']);
    expect(recent.of('a')).toEqual([]);
    expect(recent.of('b')).toBeNull();
  });

  it('go with their topic, the one that was written to or asked for least recently', () => {
    const recent = new RecentMessages(values);
    recent.add('a', many(0, 3));
    recent.add('b', many(0, 3));
    recent.of('a');
    recent.add('c', many(0, 3));
    expect([recent.of('a')?.length, recent.of('b'), recent.of('c')?.length]).toEqual([3, null, 3]);
    expect(recent.size.topics).toBe(2);
  });

  it('never take more bytes than they may: other topics go first, then the oldest of their own', () => {
    const recent = new RecentMessages({ ...values, topics_max: 1_000, bytes_max: 5_000 });
    for (let topic = 0; topic < 100; topic++) {
      recent.add(`t${topic}`, [messageAt(topic, { bytes: 1_000 })]);
      expect(recent.size.bytes).toBeLessThanOrEqual(5_000);
    }
    expect(recent.size.topics).toBe(3);
    recent.add('large', [messageAt(0, { bytes: 2_000 }), messageAt(1, { bytes: 2_000 }), messageAt(2, { bytes: 2_000 })]);
    expect(offsetsOf(recent, 'large')).toEqual([2, 1]);
    expect(recent.size).toEqual({ topics: 1, bytes: 2 * 2_300 });
    recent.add('huge', [messageAt(0, { bytes: 6_000 })]);
    expect(recent.of('huge')).toEqual([]);
    expect(recent.size.bytes).toBe(0);
  });

  it('are none where they are switched off', () => {
    const recent = new RecentMessages({ ...values, per_topic: 0 });
    recent.add('a', many(0, 3));
    expect([recent.isOn, recent.of('a')]).toEqual([false, null]);
  });
});
