import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import type { VerifyReport } from '../../src/verify.ts';
import { differencesOf, type ActualBar } from '../oracle/compare.ts';
import { exactSum } from '../oracle/exact.ts';
import { foldLog } from '../oracle/fold.ts';
import type { LogTick } from '../oracle/log.ts';
import { readRows, readTrades } from '../oracle/read-files.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { TestEmbedded } from '../support/embedded.ts';
import { sharedData } from '../support/shared-data.ts';
import { storedTable } from '../support/stored-table.ts';

interface Recording {
  readonly title: string;
  readonly folder: string | null;
  readonly ending: string;
  /** By spec: candles with trades, and without. */
  readonly candles: Readonly<Record<'1m' | '5m', readonly [number, number]>>;
}

const recordings: readonly Recording[] = [
  {
    title: 'two days of a real exchange', folder: sharedData('binance-xrp-eth', 'the candles of a real exchange'),
    ending: 'csv.gz', candles: { '1m': [2_469, 1_091], '5m': [706, 6] },
  },
  {
    title: 'a made-up hour', folder: path.join(import.meta.dirname, 'fixtures'),
    ending: 'csv', candles: { '1m': [24, 51], '5m': [12, 4] },
  },
];

const specs = ['1m', '5m', '1h', '1d'];
const outOfOrdernessMs = 2_000;
const root = path.resolve(import.meta.dirname, '../..');

describe.each(recordings)('the candles of $title', ({ folder, ending, candles }) => {
  describe.skipIf(folder === null)('against the table after a replay', () => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'mdp-candles-'));
    const fileOf = (name: string): string => path.join(folder!, `${name}.${ending}`);
    let embedded: TestEmbedded;
    let database: Database;
    let tables: Record<'plain' | 'shuffled' | 'paced', ActualBar[]>;

    const replay = async (venue: string, file: string, speed: string): Promise<ActualBar[]> => {
      const daemon = new DaemonProcess({
        config: configOf(venue, file, speed), args: ['--until-end'], environment: { DATABASE_URL: embedded.url },
      });
      const code = await daemon.ended();
      await daemon.stop();
      expect(code, daemon.log).toBe(0);
      return storedTable(database, [venue]);
    };

    beforeAll(async () => {
      embedded = await TestEmbedded.start();
      database = embedded.connect();
      const shuffledFile = path.join(scratch, 'shuffled.csv');
      writeFileSync(shuffledFile, shuffled(readTrades(fileOf('trades'), '', '')));
      tables = {
        plain: await replay('plain', fileOf('trades'), 'max'),
        shuffled: await replay('shuffled', shuffledFile, 'max'),
        paced: await replay('paced', fileOf('trades'), '100000'),
      };
    });

    afterAll(async () => {
      await embedded.dispose();
      rmSync(scratch, { recursive: true, force: true });
    });

    it.each(['1m', '5m'] as const)('equal the %s bars to the last digit, and there are no other bars', (spec) => {
      const bars = new Map(tables.plain.filter((bar) => bar.spec === spec).map((bar) => [bar.openTimeMs, bar]));
      const [withTrades, without] = candles[spec];
      let [equal, empty] = [0, 0];
      for (const candle of readRows(fileOf(`candles-${spec}`))) {
        const bar = bars.get(Number(candle['open_time_ms']));
        if (bar === undefined) {
          empty++;
          expect(Number(candle['volume'])).toBe(0);
          continue;
        }
        equal++;
        expect([bar.open, bar.high, bar.low, bar.close], candle['open_time_ms'])
          .toEqual(['open', 'high', 'low', 'close'].map((name) => Number(candle[name])));
        const digits = candle['volume'].split('.')[1]?.length ?? 0;
        expect(Number(bar.volume.toFixed(digits)), candle['open_time_ms']).toBe(Number(candle['volume']));
        expect(bar).toMatchObject({ quality: 0, state: 3, revision: 0, whole: true });
      }
      expect([equal, empty, bars.size]).toEqual([withTrades, without, withTrades]);
    });

    it.each(['1m', '5m'] as const)('equal the %s bars, quiet ones carried, by mdp verify', async (spec) => {
      const args = ['--candles', fileOf(`candles-${spec}`), '--venue', 'plain', '--spec', spec, '--fill', 'carry'];
      const { code, report } = await mdpVerify(embedded.url, args);
      const [withTrades, without] = candles[spec];
      expect(report).toMatchObject({
        equal: withTrades + without, equalFilled: without, different: 0, missing: 0, unexpected: 0,
      });
      expect(code).toBe(0);
    });

    it('are shown by mdp verify to differ where a cell of the table was changed', async () => {
      const [bar] = tables.plain.filter(({ spec }) => spec === '1m').slice(7);
      const change = async (high: number): Promise<void> => {
        await database.query({ deadlineMs: 10_000 }, `UPDATE bars SET high = $1
          WHERE venue = 'plain' AND bar_spec = '1m' AND open_time = to_timestamp($2 / 1000.0)`, [high, bar.openTimeMs]);
      };
      const candleArgs = ['--candles', fileOf('candles-1m'), '--venue', 'plain', '--fill', 'carry'];
      const tradeArgs = ['--trades', fileOf('trades'), '--source', 'history', '--venue', 'plain'];
      await change(bar.high * 2);
      for (const args of [candleArgs, tradeArgs]) {
        const { code, report } = await mdpVerify(embedded.url, args);
        expect(code).toBe(6);
        expect(report.differences).toEqual([
          { openTimeMs: bar.openTimeMs, column: 'high', stored: bar.high * 2, expected: bar.high },
        ]);
      }
      await change(bar.high);
      const { code, report } = await mdpVerify(embedded.url, tradeArgs);
      expect([code, report.equal, report.differences]).toEqual([0, candles['1m'][0], []]);
    });

    it('agree with the oracle in every field of every spec', () => {
      const trades = readTrades(fileOf('trades'), 'plain', 'XRPETH');
      const { bars, ledger } = foldLog([...trades, { kind: 'end', position: trades.length }], {
        specs, outOfOrdernessMs, allowedLatenessMs: 10_000, maxFutureSkewMs: 300_000, maxJumpMs: Infinity,
        ids: 'monotone', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: true,
        fromMs: null, untilMs: null,
      });
      expect(ledger.aggregated).toBe(trades.length);
      expect(differencesOf(bars, tables.plain)).toEqual([]);
    });

    it.each(['1h', '1d'])('roll up to the %s bars', (spec) => {
      const minutes = tables.plain.filter((bar) => bar.spec === '1m');
      const coarse = tables.plain.filter((bar) => bar.spec === spec);
      expect(coarse.length).toBeGreaterThan(0);
      for (const bar of coarse) {
        const parts = minutes.filter(({ openTimeMs }) => openTimeMs >= bar.openTimeMs && openTimeMs < bar.closeTimeMs);
        const notional = exactSum(parts.map((part) => part.notional));
        expect(bar).toMatchObject({
          open: parts[0].open, close: parts.at(-1)!.close,
          high: Math.max(...parts.map((part) => part.high)), low: Math.min(...parts.map((part) => part.low)),
          volume: exactSum(parts.map((part) => part.volume)), trades: exactSum(parts.map((part) => part.trades)),
          buyVolume: exactSum(parts.map((part) => part.buyVolume)), quality: 0,
        });
        expect(Math.abs(bar.notional / notional - 1)).toBeLessThan(Number.EPSILON * 2);
      }
    });

    it('are the same, but for the stamp, when the ticks come out of order within what is allowed', () => {
      expect(withoutVenue(tables.shuffled, true)).toEqual(withoutVenue(tables.plain, true));
    });

    it('are the same, stamp and all, at 100,000 times real time', () => {
      expect(withoutVenue(tables.paced, false)).toEqual(withoutVenue(tables.plain, false));
    });
  });
});

function configOf(venue: string, file: string, speed: string): string {
  return `
name: ${venue}
sources:
  - name: history
    type: replay
    files: ["${file}"]
    venue: ${venue}
    symbol: XRPETH
    speed: "${speed}"
    complete: true
    ids: monotone
bars: { specs: [${specs.join(', ')}], out_of_orderness_ms: ${outOfOrdernessMs} }
server: { port: 0 }
`;
}

/** Rows of a venue without its name, and without the position where the log was told in another order. */
function withoutVenue(bars: readonly ActualBar[], withoutStamp: boolean): unknown[] {
  return bars.map(({ venue: _venue, position, ...bar }) => (withoutStamp ? bar : { ...bar, position }));
}

/**
 * The trades as CSV, each up to the allowed disorder later in the log than it was: none comes behind another by more,
 * so none is late. The same every time.
 */
function shuffled(trades: readonly LogTick[]): string {
  let state = 1;
  const draw = (): number => {
    state = (state * 48_271) % 2_147_483_647; // Park and Miller (1988).
    return state / 2_147_483_647;
  };
  const delayed = trades.map((tick) => ({ tick, atMs: tick.eventTimeMs + Math.floor(draw() * outOfOrdernessMs) }));
  const order = delayed.toSorted((a, b) => a.atMs - b.atMs).map(({ tick }) => tick);
  const moved = order.filter((tick, index) => tick !== trades[index]).length;
  expect(moved, 'ticks that have another place').toBeGreaterThan(trades.length / 10);
  const lines = order.map((tick) => [tick.tradeId, tick.eventTimeMs, tick.side, tick.price, tick.size].join(','));
  return `trade_id,event_time_ms,side,price,size\n${lines.join('\n')}\n`;
}

/** Runs `mdp verify --json` against a database, as a process of its own. */
async function mdpVerify(url: string, args: readonly string[]): Promise<{ code: number; report: VerifyReport }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-verify-'));
  const file = path.join(directory, 'config.yaml');
  writeFileSync(file, configOf('plain', 'trades.csv', 'max'));
  const command = [path.join(root, 'src/main.ts'), 'verify', '--file', file, '--json', '--symbol', 'XRPETH', ...args];
  const options = { env: { ...process.env, DATABASE_URL: url }, maxBuffer: 1e8 };
  const ended = new Promise<{ code: number; output: string; problem: string }>((resolve) => {
    execFile(process.execPath, command, options, (error, output, problem) =>
      resolve({ code: Number(error?.code ?? 0), output, problem }));
  });
  const { code, output, problem } = await ended;
  rmSync(directory, { recursive: true, force: true });
  expect(output, problem).toMatch(/^\{/);
  const report: VerifyReport = JSON.parse(output);
  return { code, report };
}
