import { loadConfig, type Config } from '../config.ts';
import { exitCode, MdpError } from '../errors.ts';
import { systemClock } from '../lifecycle.ts';
import { parseBarSpec, parseBarSpecs } from '../model/bar-spec.ts';
import { InstrumentTable } from '../model/instruments.ts';
import { createSource } from '../sources/registry.ts';
import { requireSchema } from '../store/migrate.ts';
import { createLogger } from '../telemetry/logger.ts';
import { candleFile } from '../verify/candle-file.ts';
import type { Expectation } from '../verify/expectation.ts';
import { foldOfTrades } from '../verify/fold-trades.ts';
import { reportText } from '../verify/report.ts';
import { storedBars } from '../verify/stored-bars.ts';
import { verify } from '../verify.ts';
import { replayValues } from './replay-values.ts';
import { openStore } from './store.ts';

export interface VerifyCommand {
  readonly file: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly candles?: string;
  readonly trades: readonly string[];
  readonly source?: string;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly fill: 'none' | 'carry';
  readonly json?: true;
}

/** `mdp verify`: prints what differs. Sets exit code 6 when anything does. Throws an MdpError. */
export async function verifyStore(options: VerifyCommand): Promise<void> {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  const { config } = loaded;
  const log = createLogger({ settings: config.log, stream: process.stderr, pipeline: config.name, secrets: loaded.secrets });
  const expectation = await expectationOf(options, config);
  const store = await openStore(config, log, true);
  try {
    const limit = { deadlineMs: config.store.statement_timeout_ms };
    await requireSchema(store.database, limit);
    const { venue, symbol, fill } = options;
    const spec = parseBarSpec(options.spec).name;
    const report = await verify({ venue, symbol, spec, fill }, expectation, storedBars(store.database, limit));
    process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    if (report.differencesTotal > 0) process.exitCode = exitCode.differs;
  } finally {
    await store.close();
  }
}

async function expectationOf(options: VerifyCommand, config: Config): Promise<Expectation> {
  if (options.candles !== undefined) return candleFile(options.candles, parseBarSpec(options.spec));
  if (options.trades.length === 0) {
    throw new MdpError('usage', 'Say what to compare with: --candles FILE, or --trades FILE (it may be repeated).');
  }
  const instruments = new InstrumentTable();
  const { venue, symbol } = options;
  const named = options.source === undefined ? { venue, symbol } : {};
  const values = { ...replayValues(options.source, config), ...named, files: options.trades, follow: false, speed: 'max' };
  const fold = {
    name: options.trades.join(', '),
    source: createSource('replay', {
      name: options.source ?? 'verify', values, instruments, clock: () => systemClock.nowMs(), batchSpanMs: Infinity,
    }),
    instruments, specs: parseBarSpecs(config.bars.specs), bars: config.bars, admission: values, complete: values.complete,
  };
  return foldOfTrades(fold, { venue, symbol, spec: parseBarSpec(options.spec).name });
}
