import { parseBarSpecs } from '../model/bar-spec.ts';
import { commonBoundaries, nearestBoundaries } from '../model/shared-boundary.ts';
import { instantRule, parseInstant } from '../model/instant.ts';
import { boundsOf } from '../operators/lane-bounds.ts';
import type { Judged } from './cross-checks.ts';
import { shown } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Config, SourceConfig } from './schema.ts';
import { sourcePrefix } from './source-entries.ts';

/** `from` and `until` of the sources: times, in their order, at which a window of every bar spec begins. */
export function boundFaults(judged: Judged): Fault[] {
  return judged.config.sources.flatMap((source) => {
    const own = [...boundFault(judged, source, 'from'), ...boundFault(judged, source, 'until')];
    const { fromMs, untilMs } = boundsOf(source.values);
    if (own.length > 0 || fromMs < untilMs) return own;
    return [faultOf(judged, source, { key: 'until', rule: 'it must be later than from' })];
  });
}

type BoundKey = 'from' | 'until';

function boundFault(judged: Judged, source: SourceConfig, key: BoundKey): Fault[] {
  const text = source.values[key] ?? null; // A kind of source without bounds has none to judge.
  if (text === null) return [];
  const timeMs = parseInstant(text);
  if (Number.isNaN(timeMs)) return [faultOf(judged, source, { key, rule: `write ${instantRule}` })];
  if (judged.faulty.has('bars.specs')) return [];
  const specs = specsOf(judged.config);
  const boundaries = commonBoundaries(timeMs, specs);
  if (boundaries.missing.length === 0) return [];
  const rule = `it is no boundary of ${boundaries.missing.join(', ')}, and a bar has one owner; ` +
    nearestBoundaries(boundaries);
  return [faultOf(judged, source, { key, rule })];
}

/** None where `bars.specs` has faults: those are told by themselves. */
function specsOf({ bars }: Config): ReturnType<typeof parseBarSpecs> {
  try {
    return parseBarSpecs(bars.specs);
  } catch {
    return [];
  }
}

function faultOf(judged: Judged, source: SourceConfig, { key, rule }: { key: BoundKey; rule: string }): Fault {
  const path = `${sourcePrefix(source.name)}${key}`;
  return { key: path, value: shown(source.values[key]), origin: judged.origins.get(path) ?? { kind: 'default' }, rule };
}

/**
 * Who owns which times, in words, where any source has a bound: two sources of one venue that overlap may still have
 * different symbols, and a hole may be meant, so neither is a fault.
 */
export function ownershipFact({ sources }: Config): string | null {
  const owners = sources.map((source) => ({ name: source.name, venue: source.values.venue, ...boundsOf(source.values) }));
  if (owners.every(({ fromMs, untilMs }) => fromMs === -Infinity && untilMs === Infinity)) return null;
  const ranges = owners.map(({ name, fromMs, untilMs }) => `${name} ${rangeText(fromMs, untilMs)}`);
  return [...ranges, ...pairs(owners).flatMap(([a, b]) => relationOf(a, b))].join('; ');
}

interface Owner {
  readonly name: string;
  readonly venue: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

function relationOf(a: Owner, b: Owner): string[] {
  if (a.venue !== b.venue) return [];
  const [fromMs, untilMs] = [Math.max(a.fromMs, b.fromMs), Math.min(a.untilMs, b.untilMs)];
  if (fromMs === untilMs) return [];
  const names = `${a.name} and ${b.name} both name venue ${a.venue}`;
  return fromMs < untilMs
    ? [`${names} and overlap ${rangeText(fromMs, untilMs)}: a symbol that both have belongs to the first that writes it`]
    : [`${names} and leave a hole ${rangeText(untilMs, fromMs)}`];
}

function pairs(owners: readonly Owner[]): [Owner, Owner][] {
  return owners.flatMap((a, index) => owners.slice(index + 1).map((b): [Owner, Owner] => [a, b]));
}

function rangeText(fromMs: number, untilMs: number): string {
  const from = fromMs === -Infinity ? [] : [`from ${new Date(fromMs).toISOString()}`];
  const until = untilMs === Infinity ? [] : [`until ${new Date(untilMs).toISOString()}`];
  return [...from, ...until].join(' ') || 'without bounds';
}
