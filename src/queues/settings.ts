import type { Settings } from '../model/setting.ts';

const mebibyte = 1_048_576;

export const queueSettings = {
  op_queue_max: {
    type: 'integer', default: 8, min: 1, max: 1_024, env: 'PIPELINE_OP_QUEUE_MAX',
    doc: 'Batches of ticks that wait between a source and its operators, per lane.',
  },
  sink_queue_max: {
    type: 'integer', default: 200, min: 1, max: 10_000, env: 'PIPELINE_SINK_QUEUE_MAX',
    doc: 'Batches of rows that wait for the sink workers, all lanes together: each source has an equal share of it, and ' +
      'of that each of its lanes.',
  },
  sink_queue_bytes_max: {
    // 200 batches of 500 bars of 136 bytes are 13 MiB; the rest is room for dead letters with their bytes. Full, it holds
    // 120,000 bars, a second's work of the database or two: more of them would only wait longer.
    type: 'integer', default: 16 * mebibyte, min: mebibyte, max: 1_024 * mebibyte,
    doc: 'Memory that the waiting rows may take, in bytes, all lanes together. Gaps that a lane which cannot be paused ' +
      'leaves in the place of rows come on top: two at most for each instrument and bar spec.',
  },
  op_queue_bytes_max: {
    // A batch of 1,000 ticks is 60 KiB; 8 of them with rejected records of up to 64 KiB each stay far below. Of 4,096 ticks
    // from Kafka four partitions have their 8, and 32 one each.
    type: 'integer', default: 8 * mebibyte, min: 65_536, max: 1_024 * mebibyte,
    doc: 'Memory that the waiting ticks of one source may take, in bytes; each of its lanes has an equal share of it, and ' +
      'room for one batch in any case.',
  },
  drop_policy: {
    type: 'choice', default: 'oldest', choices: ['oldest', 'newest'], env: 'PIPELINE_DROP_POLICY',
    doc: 'Which batch a full op queue gives up where the source cannot be paused; what is given up is recorded as a gap.',
  },
} as const satisfies Settings;
