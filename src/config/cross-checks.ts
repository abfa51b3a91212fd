import { MdpError } from '../errors.ts';
import { readFault } from '../fail-points.ts';
import { parseBarSpec, parseBarSpecs } from '../model/bar-spec.ts';
import type { Clock } from '../model/clock.ts';
import { InstrumentTable } from '../model/instruments.ts';
import { parseIndicator, textOf } from '../operators/indicators/parse.ts';
import { connectionString } from '../postgres.ts';
import { asksForKey, isLoopback, isNetwork } from '../server/settings.ts';
import { readAges } from '../store/ages.ts';
import { alertFaults } from './alert-checks.ts';
import { boundFaults } from './bound-checks.ts';
import { mask, shown } from './fault.ts';
import type { Fault, Origin } from './fault.ts';
import type { Config } from './schema.ts';
import { sourcePrefix } from './source-entries.ts';
import type { SourceEntry } from './source-entries.ts';
import { topicFaults } from './topic-checks.ts';

/** What is right key by key and wrong together. */
export interface Judged {
  readonly config: Config;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly entries: readonly SourceEntry[];
  /** Paths that have a fault of their own: their defaults stand in, and are not judged. */
  readonly faulty: ReadonlySet<string>;
}

export function crossFaults(judged: Judged): Fault[] {
  return [
    ...nameFaults(judged), ...barSpecFaults(judged), ...indicatorFaults(judged), ...alertFaults(judged),
    ...addressFaults(judged),
    ...proxyFaults(judged), ...storeFaults(judged), ...ageFaults(judged), ...retryFaults(judged), ...pacingFaults(judged),
    ...sourceFaults(judged), ...boundFaults(judged), ...failPointFaults(judged), ...watchdogFaults(judged),
    ...topicFaults(judged),
  ];
}

function originOf(judged: Judged, path: string): Origin {
  return judged.origins.get(path) ?? { kind: 'default' };
}

function nameFaults(judged: Judged): Fault[] {
  const { name } = judged.config;
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return [];
  const rule = 'write letters, digits, `.`, `_` and `-`, at most 63, beginning with a letter or digit';
  return [{ key: 'name', value: shown(name), origin: originOf(judged, 'name'), rule }];
}

/** As `parseBarSpecs` judges them, but all of them. */
function barSpecFaults(judged: Judged): Fault[] {
  const texts = judged.config.bars.specs;
  const at = { key: 'bars.specs', origin: originOf(judged, 'bars.specs') };
  if (texts.length === 0) return [{ ...at, value: '[]', rule: 'write at least one bar spec, such as 1m' }];
  const seen = new Map<string, string>();
  return texts.flatMap((text): Fault[] => {
    const name = judge(() => parseBarSpec(text).name);
    if (name instanceof MdpError) return [{ ...at, value: shown(text), rule: ruleIn(name) }];
    const first = seen.get(name);
    if (first === undefined) seen.set(name, text);
    if (first === undefined) return [];
    return [{ ...at, value: shown(text), rule: `this is the same bar spec as "${first}"; keep one` }];
  });
}

/** As `parseIndicators` judges them, but all of them; what a faulty bar spec makes of them is not judged. */
function indicatorFaults(judged: Judged): Fault[] {
  const { bars, indicators } = judged.config;
  const specs = judge(() => parseBarSpecs(bars.specs));
  if (specs instanceof MdpError) return [];
  const at = { key: 'indicators.specs', origin: originOf(judged, 'indicators.specs') };
  const seen = new Map<string, string>();
  return indicators.specs.flatMap((text): Fault[] => {
    const name = judge(() => textOf(parseIndicator(text, specs)));
    if (name instanceof MdpError) return [{ ...at, value: shown(text), rule: ruleIn(name) }];
    const first = seen.get(name);
    if (first === undefined) seen.set(name, text);
    return first === undefined
      ? [] : [{ ...at, value: shown(text), rule: `this is the same indicator as "${first}"; keep one` }];
  });
}

/** What a component's own check says, or the MdpError that it throws. */
function judge<T>(check: () => T): T | MdpError {
  try {
    return check();
  } catch (error) {
    if (error instanceof MdpError) return error;
    throw error;
  }
}

function ruleIn(error: MdpError): string {
  return error.message.replace(/\.$/, '');
}

/** Whoever can reach the address could read everything. */
function addressFaults(judged: Judged): Fault[] {
  const { host, allow_unauthenticated } = judged.config.server;
  if (judged.faulty.has('server.api_key')) return [];
  if (isLoopback(host) || allow_unauthenticated || asksForKey(judged.config.server)) return [];
  const rule = 'other machines can reach this address; set server.api_key (API_KEY or API_KEY_FILE) or ' +
    'server.api_keys_file, or write server.allow_unauthenticated: true';
  return [{ key: 'server.host', value: shown(host), origin: originOf(judged, 'server.host'), rule }];
}

function proxyFaults(judged: Judged): Fault[] {
  const key = 'server.trust_proxy';
  return judged.config.server.trust_proxy.filter((text) => !isNetwork(text)).map((text) => ({
    key, value: shown(text), origin: originOf(judged, key), rule: 'write an address, or a network such as 10.0.0.0/8',
  }));
}

function storeFaults(judged: Judged): Fault[] {
  const { url } = judged.config.store;
  const verdict = url === '' ? url : judge(() => connectionString(url));
  if (!(verdict instanceof MdpError)) return [];
  return [{ key: 'store.url', value: mask, origin: originOf(judged, 'store.url'), rule: ruleIn(verdict) }];
}

/** No age may be less than the time in which a bar may still change. */
function ageFaults(judged: Judged): Fault[] {
  const { store, bars } = judged.config;
  const { faults } = readAges(store, bars.allowed_lateness_ms + bars.out_of_orderness_ms);
  return faults.map(({ key, value, rule }) => {
    const [setting] = key.split('.');
    return { key: `store.${key}`, value: shown(value), origin: originOf(judged, `store.${setting}`), rule: `write ${rule}` };
  });
}

function retryFaults(judged: Judged): Fault[] {
  const { base_ms, max_ms } = judged.config.sink.retry;
  if (base_ms <= max_ms) return [];
  const rule = `write at most sink.retry.max_ms, which is ${max_ms}`;
  const key = 'sink.retry.base_ms';
  return [{ key, value: shown(base_ms), origin: originOf(judged, key), rule }];
}

/** A live connection cannot be made to wait: a budget on it would drop ticks and call that pacing. */
function pacingFaults(judged: Judged): Fault[] {
  return judged.config.sources.flatMap((source, index): Fault[] => {
    const entry = judged.entries[index];
    const { max_msgs_per_sec } = source.values;
    if (entry.kind.pausable !== false || max_msgs_per_sec === 0) return [];
    const key = `${sourcePrefix(source.name)}max_msgs_per_sec`;
    const own = originOf(judged, key);
    const origin = own.kind === 'inherited' ? entry.origin : own;
    const rule = 'a live source cannot be paused; write 0 here';
    return [{ key, value: shown(max_msgs_per_sec), origin, rule }];
  });
}

function failPointFaults(judged: Judged): Fault[] {
  return Object.entries(judged.config.faults).flatMap(([name, text]): Fault[] => {
    if (typeof text === 'number') return [];
    const key = `faults.${name}`;
    const verdict = judge(() => readFault(text));
    if (!(verdict instanceof MdpError)) return [];
    return [{ key, value: shown(text), origin: originOf(judged, key), rule: ruleIn(verdict) }];
  });
}

/** Anything shorter is no stall: a large batch, a collection of garbage. */
function watchdogFaults(judged: Judged): Fault[] {
  const { stall_ms } = judged.config.watchdog;
  if (stall_ms === 0 || stall_ms >= 1_000) return [];
  const key = 'watchdog.stall_ms';
  return [{ key, value: shown(stall_ms), origin: originOf(judged, key), rule: 'write 0, or at least 1000' }];
}

/** For sources that are made and never read. */
const stillClock: Clock = { nowMs: () => 0, wait: () => Promise.resolve(), yield: () => Promise.resolve() };

/** What a source says of its own values when it is made: keys that exclude each other, a speed that is none. */
function sourceFaults(judged: Judged): Fault[] {
  return judged.config.sources.flatMap((source, index): Fault[] => {
    const entry = judged.entries[index];
    const key = `sources.${source.name}`;
    if ([...judged.faulty].some((path) => path.startsWith(`${key}.`))) return [];
    const { name, values } = source;
    const outside = { clock: stillClock, kafka: judged.config.kafka, onTrouble: () => {} };
    const context = { name, values, instruments: new InstrumentTable(), clock: () => 0, batchSpanMs: Infinity, outside };
    const verdict = judge(() => entry.kind.create?.(context));
    if (!(verdict instanceof MdpError) || verdict.code !== 'config-invalid') return [];
    return [{ key, value: null, origin: entry.origin, rule: ruleIn(verdict) }];
  });
}
