import type { LogTick, OracleSettings } from '../../oracle/log.ts';
import { SeededRandom } from './random.ts';

const startMs = Date.UTC(2026, 0, 5, 11, 59, 30);

/** Lateness of three seconds and bars of seconds: most of what a checkpoint must hold is in the air at any moment. */
export const faultSettings: OracleSettings = {
  specs: ['1s', '5s', '1m'], outOfOrdernessMs: 500, allowedLatenessMs: 3_000, maxFutureSkewMs: 300_000,
  maxJumpMs: 7 * 86_400_000, ids: 'unique', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude',
  complete: true, fromMs: null, untilMs: null,
};

/**
 * A log of some two bars a second, with ticks out of order, late for revisions, too late, seen before, without a usable
 * price, and so far in the future that they are held. One record a tick; whole milliseconds.
 */
export function faultTicks({ seed, records, venue }: { seed: number; records: number; venue: string }): LogTick[] {
  const random = new SeededRandom(seed);
  const ticks: LogTick[] = [];
  let clockMs = startMs;
  for (let position = 0; position < records; position++) {
    clockMs += random.between(0, 150);
    const repeated = position > 50 && random.next() < 0.04 ? ticks[position - random.between(1, 50)] : null;
    const tick: LogTick = repeated ?? {
      kind: 'tick', position, venue: `${venue}-${random.between(1, 2)}`, symbol: random.pick(['BTC-USD', 'ETH-USD', 'SOL-USD']),
      price: random.next() < 0.003 ? -1 : 100 + random.between(-500, 500) / 100, size: random.between(1, 900) / 100,
      side: random.pick(['buy', 'sell', 'unknown'] as const), eventTimeMs: clockMs - behindMs(random), tradeId: position,
      logTimeMs: null, receivedTimeMs: Infinity, offMarket: false,
    };
    ticks.push({ ...tick, position });
  }
  return ticks;
}

function behindMs(random: SeededRandom): number {
  const luck = random.next();
  if (luck < 0.8) return 0;
  if (luck < 0.9) return random.between(1, 500);
  if (luck < 0.97) return random.between(500, 3_500);
  if (luck < 0.99) return random.between(3_500, 20_000);
  return luck < 0.996 ? 0 : -random.between(8, 30) * 86_400_000;
}
