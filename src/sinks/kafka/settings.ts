import { MdpError } from '../../errors.ts';
import type { Settings } from '../../model/setting.ts';

export const kafkaSinkSettings = {
  bars_topic: {
    type: 'text', default: null,
    doc: 'Topic of Kafka to which every row of a bar is written as well, beside the database; see docs/topics.md. Null: ' +
      'none.',
  },
  indicator_topics: {
    type: 'text-list', default: [],
    doc: 'Topics to which values of indicators are written as well, by the name of the indicator: rsi=rsi-data.',
  },
} as const satisfies Settings;

/** Topics by the name of the indicator, from entries such as `rsi=rsi-data`. Throws an MdpError `config-invalid`. */
export function readIndicatorTopics(entries: readonly string[]): ReadonlyMap<string, string> {
  const topics = new Map<string, string>();
  for (const entry of entries) {
    const [, indicator, topic] = /^\s*([a-z][a-z0-9_]*)\s*=\s*(\S+)\s*$/.exec(entry) ?? [];
    if (indicator === undefined || topic === undefined) {
      throw new MdpError('config-invalid', `"${entry}" is not like rsi=rsi-data: the name of an indicator, =, and a topic.`);
    }
    if (topics.has(indicator)) throw new MdpError('config-invalid', `${indicator} has a topic already: keep one of them.`);
    topics.set(indicator, topic);
  }
  return topics;
}

/** Where the values of a line such as `rsi(14)` go; null: to no topic. */
export function topicOfLine(line: string, topics: ReadonlyMap<string, string>): string | null {
  const [name] = line.split('(');
  return topics.get(name) ?? null;
}
