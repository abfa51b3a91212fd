import type { Settings } from '../model/setting.ts';

export const checkpointSettings = {
  interval_ms: {
    type: 'integer', default: 10_000, min: 100, max: 3_600_000,
    doc: 'Time between two checkpoints of a lane that has changed, in ms.',
  },
  // 5,000 symbols, seven bar specs, 12 s of disorder and lateness: 5,000 * (14 base rows of 1s + 6 coarser) * 164 bytes
  // = 16 MB. Trade ids that are no counters add 20 bytes each: 24 MB at 100,000 a second. 256 MiB is some six times that.
  bytes_max: {
    type: 'integer', default: 268_435_456, min: 1_048_576, max: 1_000_000_000, // A bytea holds 1 GiB at most.
    doc: 'Size of the state of one lane in a checkpoint, before compression, in bytes. A larger one is refused; ' +
      '`mdp check` prints an estimate.',
  },
} as const satisfies Settings;
