import type { Settings, ValuesOf } from '../../model/setting.ts';
import { commonSourceSettings } from '../settings.ts';
import { decoderSettings } from './decoders/registry.ts';

export const kafkaSourceSettings = {
  ...commonSourceSettings,
  ...decoderSettings,
  // A Fetch brings some 8,000 messages of a partition at a time: what moves in larger pieces was measured to take less.
  batch_ticks: { ...commonSourceSettings.batch_ticks, default: 4_096 },
  topics: {
    type: 'text-list', default: [],
    doc: 'Topics to read. Each of their partitions is a lane of its own, and a symbol belongs to one of them.',
  },
  brokers: {
    type: 'text-list', default: [],
    doc: 'Addresses of brokers to begin with, host:port; empty takes kafka.brokers.',
  },
  group_id: {
    type: 'text', default: null,
    doc: 'Consumer group: its processes share the partitions; empty takes kafka.group_id. Offsets are committed to it ' +
      'for lag tools only: reading goes on where the database says.',
  },
  start: {
    type: 'text', default: 'earliest',
    doc: 'Where a partition begins that was never read: earliest, latest, or an ISO 8601 time of its records. One that ' +
      'was read goes on from its checkpoint.',
  },
  dead_letter_topic: {
    type: 'text', default: null,
    doc: 'Topic that messages go to which cannot be used, beside the table dead_letters, with headers that say why and ' +
      'where they stood; empty: to none. It must not be one of those that are read.',
  },
  session_timeout_ms: {
    type: 'integer', default: 10_000, min: 1_000, max: 1_800_000,
    doc: 'Silence after which the group gives the partitions of a process to others, in ms. The brokers bound it too.',
  },
  max_bytes_per_partition: {
    type: 'integer', default: 1_048_576, min: 1_024, max: 268_435_456,
    doc: 'Bytes of one partition that a Fetch brings at most; decides about memory.',
  },
  read_path: {
    type: 'choice', choices: ['bytes', 'kafkajs'], default: 'bytes',
    doc: 'How record batches are read: from their bytes, or by kafkajs, at a fifth of the speed, should anything be odd.',
  },
} as const satisfies Settings;

export type KafkaSourceValues = ValuesOf<typeof kafkaSourceSettings>;
