import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DaemonProcess } from '../../support/daemon.ts';

/*
 * A real daemon with a real database for the tests of tabs: a market that is made up and runs in real time, a day of history
 * of two symbols that ends now, and a tape on which the same thing happens again and again.
 */

/** The tape: at `jumpMs` of each turn the price goes from 100 to 110, and back; later a trade comes late. */
export const tape = {
  venue: 'tape', symbol: 'TURNS', turnMs: 8_000, jumpMs: 1_000, lateMs: 5_000, turns: 40, level: 105,
} as const;

export interface LiveOptions {
  readonly past?: boolean;
  readonly tape?: boolean;
}

export interface LiveDaemon {
  readonly url: string;
  readonly process: DaemonProcess;
  readonly close: () => Promise<void>;
}

const past = { symbols: { BTCUSDT: 64_000, ETHUSDT: 3_100 }, everyMs: 60_000, lengthMs: 86_400_000 } as const;
const minuteMs = 60_000;

/** A line of a trade file. */
interface Line {
  readonly event_time_ms: number;
  readonly side: 'buy' | 'sell';
  readonly price: number;
  readonly size: number;
  readonly symbol: string;
}

function csvOf(lines: readonly Line[]): string {
  const rows = lines.map(({ event_time_ms, side, price, size, symbol }) => (
    `${event_time_ms},${side},${price},${size},${symbol}\n`));
  return `event_time_ms,side,price,size,symbol\n${rows.join('')}`;
}

/** Waves that differ from symbol to symbol, a trade a minute; every 90th bar of a minute takes one that comes late. */
function pastOf(nowMs: number): readonly Line[] {
  // A second into a minute: by then the bar before is closed, and a trade of its last seconds revises it.
  const untilMs = Math.floor(nowMs / minuteMs - 2) * minuteMs + 1_000;
  return Array.from({ length: past.lengthMs / past.everyMs }, (_, index) => index).flatMap((index) => {
    const eventMs = Math.floor(untilMs - past.lengthMs + index * past.everyMs);
    const lines = Object.entries(past.symbols).map(([symbol, start], at): Line => ({
      event_time_ms: eventMs, side: (index * 7 + at) % 5 < 3 ? 'buy' : 'sell', symbol,
      price: Number((start * (1 + 0.02 * Math.sin(index / (170 + 90 * at)) + 0.006 * Math.sin(index / 13 + at))).toFixed(2)),
      size: Number((0.1 + (index * 13 + at * 5) % 40 / 10).toFixed(2)),
    }));
    return index % 90 === 30 ? [...lines, { ...lines[0], event_time_ms: eventMs - 3_000 }] : lines;
  });
}

/**
 * In each turn the close of the second before the jump is 100: a rule `price_above 105` is triggered by the second of the
 * jump. Some seconds later a trade at 108 comes that belongs to the second before: then the price was above before, and the
 * alert is undone.
 */
function tapeFrom(startMs: number): readonly Line[] {
  const lines: Line[] = [];
  const add = (event_time_ms: number, price: number): void => {
    lines.push({ event_time_ms, side: 'buy', price, size: 1, symbol: tape.symbol });
  };
  for (let turn = 0; turn < tape.turns; turn++) {
    const beginMs = startMs + turn * tape.turnMs;
    for (let atMs = 0; atMs < tape.turnMs; atMs += 200) {
      const isJump = atMs >= tape.jumpMs && atMs < tape.jumpMs + 1_000;
      add(beginMs + atMs, isJump ? 110 : 100);
      if (atMs === tape.lateMs) add(beginMs + tape.jumpMs - 10, 108);
    }
  }
  return lines;
}

function configOf(directory: string, { past, tape: turns }: LiveOptions): string {
  const fields = '{ symbol: symbol, price: price, size: size, side: side, event_time: event_time_ms }';
  const replay = `type: replay, ids: absent, fields: ${fields}, event_time_unit: ms`;
  const whole = 'speed: max, complete: true';
  return `
name: desk
sources:
  - { name: demo, type: synthetic, symbols: 12, ticks_per_second: 240, seed: 5, price_step_bps: 3, disorder_share: 0.02,
      disorder_ms: 300, outage_every_s: 6, outage_s: 2 }
${past === true ? `  - { name: past, ${replay}, files: ["${directory}/past.csv"], venue: binance, ${whole} }` : ''}
${turns === true ? `  - { name: tape, ${replay}, files: ["${directory}/tape.csv"], venue: ${tape.venue}, speed: "1" }` : ''}
bars: { specs: [1s, 1m, 5m, 1h], out_of_orderness_ms: 500, allowed_lateness_ms: 10000, idle_ms: 2000 }
indicators: { specs: ["sma(5)@1s"] }
pipeline: { flush_ms: 50 }
server: { enable_rate_limit: false }
`;
}

/** Ready when it answers; what has been folded by then is another matter. */
export async function openLiveDaemon(options: LiveOptions = {}): Promise<LiveDaemon> {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-desk-'));
  const nowMs = Date.now();
  writeFileSync(path.join(directory, 'past.csv'), csvOf(pastOf(nowMs)));
  // Whole seconds: bars of 1s must hold the jump and nothing else.
  writeFileSync(path.join(directory, 'tape.csv'), csvOf(tapeFrom(Math.floor(nowMs / 1_000) * 1_000)));
  const process = new DaemonProcess({ config: configOf(directory, options) });
  const close = async (): Promise<void> => {
    await process.stop('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    return { url: await process.ready(), process, close };
  } catch (error) {
    await close();
    throw error;
  }
}
