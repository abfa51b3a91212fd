import type { Feed } from '../feeds.ts';
import type { KafkaFeed, TopicRecord } from '../kafka-feed.ts';
import { faultTicks } from './fault-log.ts';
import { SeededRandom } from './random.ts';

/** What a partition holds: everything that a feed can do wrong, and now and then a message that no tick can be read from. */
export function groupLog({ seed, records, venue }: { seed: number; records: number; venue: string }): TopicRecord[] {
  const random = new SeededRandom(seed + 1);
  return faultTicks({ seed, records, venue }).map((tick) => (
    random.next() < 0.01 ? { kind: 'reject', position: tick.position, reason: 'malformed' } : tick));
}

/** The same lane, folded from another log or by other settings. */
export function otherwise(feed: KafkaFeed, other: Partial<Pick<Feed, 'settings' | 'log'>>): Feed {
  const { entry, part, settings } = feed;
  return { entry, part, settings, log: () => feed.log(), ...other };
}
