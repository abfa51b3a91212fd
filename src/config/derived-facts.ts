import { parseBarSpecs } from '../model/bar-spec.ts';
import { inThousands } from '../model/thousands.ts';
import { baseGridMs, baseSpecIndex } from '../operators/base-grid.ts';
import { parseIndicators } from '../operators/indicators/parse.ts';
import { indicatorBytesPerInstrument } from '../operators/indicators/state-size.ts';
import { stateBytesPerId, stateBytesPerRow, stateRowsPerInstrument } from '../operators/state-size.ts';
import { openWay } from '../postgres.ts';
import { asksForKey } from '../server/settings.ts';
import { mergedBatches } from '../sinks/row-batcher.ts';
import { ownershipFact } from './bound-checks.ts';
import type { Config } from './schema.ts';
import { publishedFact } from './topic-checks.ts';

const mebibyte = 1_048_576;

/** What follows from the settings and stands in none of them, by label. */
export function derivedFacts(config: Config): Readonly<Record<string, string>> {
  const ownership = ownershipFact(config);
  const published = publishedFact(config);
  const way = config.store.url === '' ? null : openWay(config.store.url);
  return {
    'sources': sourcesFact(config),
    ...(ownership === null ? {} : { 'ownership': ownership }),
    'base grid': baseGridFact(config),
    'store': storeFact(config),
    ...(way === null ? {} : { 'way': `the database is reached ${way}` }),
    ...(published === null ? {} : { 'topics': published }),
    'memory': memoryFact(config),
    'checkpoint': checkpointFact(config),
    'server': serverFact(config),
  };
}

function sourcesFact({ name, sources }: Config): string {
  if (sources.length === 0) return 'none: `mdp run` has nothing to read';
  const lanes = sources.map((source) => `${name}/${source.name} (${source.type})`);
  return `lanes ${lanes.join(', ')}`;
}

/** Ticks are folded once, into bars of this length; all others are computed from those. */
function baseGridFact({ bars }: Config): string {
  const specs = parseBarSpecs(bars.specs);
  const base = specs[baseSpecIndex(specs)]?.name;
  const stored = base === undefined ? 'not stored: it is none of the bar specs' : `stored as ${base}`;
  return `${baseGridMs(specs)} ms, ${stored}`;
}

/** Never the whole URL: it holds a password. */
function storeFact({ store, embedded }: Config): string {
  if (store.url === '') return `the embedded TimescaleDB in ${embedded.data_dir}/, not for production`;
  const { hostname, port, pathname } = new URL(store.url);
  return `PostgreSQL at ${hostname}:${port === '' ? '5432' : port}${pathname}`;
}

function memoryFact({ queues, sink, pipeline, sources }: Config): string {
  const readers = Math.max(1, sources.length);
  const ticks = readers * queues.op_queue_bytes_max;
  const inHand = mergedBatches * pipeline.max_bytes;
  const total = ticks + queues.sink_queue_bytes_max + sink.workers * inHand;
  const parts = [
    `${readers} × ${mebibytes(queues.op_queue_bytes_max)} of ticks`,
    `${mebibytes(queues.sink_queue_bytes_max)} of rows`,
    `${sink.workers} × ${mebibytes(inHand)} in the workers' hands`,
  ];
  return `at most ${mebibytes(total)} wait: ${parts.join(', ')}`;
}

/** Of one lane, before compression: what `checkpoint.bytes_max` bounds. */
function checkpointFact({ bars, indicators, checkpoint }: Config): string {
  const specs = parseBarSpecs(bars.specs);
  const rows = stateRowsPerInstrument(specs, bars);
  const ofIndicators = indicatorBytesPerInstrument(parseIndicators(indicators.specs, specs), specs, bars);
  const perThousand = 1_000 * (rows * stateBytesPerRow + ofIndicators);
  const besides = ofIndicators === 0 ? '' : `, and ${ofIndicators} bytes of indicators`;
  const symbols = Math.floor(checkpoint.bytes_max / perThousand) * 1_000;
  const unsettled = (bars.out_of_orderness_ms + bars.allowed_lateness_ms) / 1_000;
  return `at most ${mebibytes(perThousand)} per 1,000 symbols of a lane (${rows} rows of ${stateBytesPerRow} bytes each` +
    `${besides}), ${stateBytesPerId} bytes for each id of the last ${unsettled} s; ` +
    `${mebibytes(checkpoint.bytes_max)} hold ${inThousands(symbols)} symbols`;
}

function mebibytes(bytes: number): string {
  const count = bytes / mebibyte;
  return `${count >= 10 ? count.toFixed(0) : Number(count.toFixed(1))} MiB`;
}

function serverFact({ server }: Config): string {
  const key = asksForKey(server) ? 'with an API key' : 'without an API key';
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return `http://${host}:${server.port} ${key}`;
}
