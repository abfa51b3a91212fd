import type { Settings } from '../model/setting.ts';

/** A page that is told less often than every ten seconds should ask the API instead. */
export const conflateMsMax = 10_000;

export const streamSettings = {
  conflate_ms: {
    type: 'integer', default: 50, min: 0, max: conflateMsMax,
    doc: 'Shortest time between two updates to a client of the live stream that asks for no other, in ms. What has ' +
      'changed after a quiet time goes out at once. 0: each batch of ticks is an update.',
  },
  clients_max: {
    type: 'integer', default: 1_000, min: 1, max: 100_000,
    doc: 'Clients of the live stream at one time; one more is turned away.',
  },
  subscriptions_max: {
    type: 'integer', default: 500, min: 1, max: 10_000,
    doc: 'Channels that one client may be subscribed to.',
  },
  buffer_bytes: {
    // A page's first snapshot of 500 bars has 180 KB; with one message of three times this a client costs 1 MiB at most.
    type: 'integer', default: 262_144, min: 16_384, max: 67_108_864,
    doc: 'A client that has not taken this much of what was sent is sent nothing more, and the newest state once it has, ' +
      'in bytes.',
  },
  heartbeat_ms: {
    type: 'integer', default: 15_000, min: 1_000, max: 300_000,
    doc: 'How often a client is asked whether it is there, in ms. One that has not answered by the next time is closed.',
  },
} as const satisfies Settings;
