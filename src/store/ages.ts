import { MdpError, messageOf } from '../errors.ts';
import { parseBarSpec } from '../model/bar-spec.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { storeSettings } from './settings.ts';
import { isSideTable, type SideTable } from './side-tables.ts';

/** What `store.retention`, `store.compression` and `store.chunk_interval` come to, in ms. */
export interface StoreAges {
  readonly chunkMs: number;
  readonly compressAfterMs: number | null;
  readonly keepAllMs: number | null;
  /** By canonical bar spec. */
  readonly keepMs: ReadonlyMap<string, number>;
  /** Of the tables beside them; one that is not there keeps its rows. */
  readonly keepSideMs: ReadonlyMap<SideTable, number>;
}

export interface AgeFault {
  /** Below `store.`: `retention.1s`. */
  readonly key: string;
  readonly value: string;
  readonly rule: string;
}

type AgeSettings = Pick<ValuesOf<typeof storeSettings>, 'retention' | 'compression' | 'chunk_interval'>;

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const gapsRule = 'at least as long as bars are kept (retention.all): without its gap a hole looks as if nothing was traded';
const ageRule = 'a count and a unit: s, m, h, d or w, as 30d';

/**
 * Reads the settings. `latenessMs` is how long after its close a bar may still change; no age may be less, since a late
 * tick would then bring a deleted bar back as a fragment.
 */
export function readAges(settings: AgeSettings, latenessMs: number): { ages: StoreAges; faults: readonly AgeFault[] } {
  const faults: AgeFault[] = [];
  const age = (key: string, value: string, leastMs: number): number => {
    const parts = /^([1-9]\d{0,5})([smhdw])$/.exec(value);
    const ms = parts === null ? NaN : Number(parts[1]) * unitMs[parts[2]];
    if (Number.isNaN(ms)) faults.push({ key, value, rule: ageRule });
    else if (ms < leastMs) faults.push({ key, value, rule: `at least ${leastMs / 1_000} s` });
    return ms;
  };
  const keepMs = new Map<string, number>();
  const keepSideMs = new Map<SideTable, number>();
  for (const [spec, value] of Object.entries(settings.retention)) {
    const key = `retention.${spec}`;
    if (isSideTable(spec)) {
      keepSideMs.set(spec, age(key, value, latenessMs));
      continue;
    }
    const name = spec === 'all' ? spec : canonical(spec, (rule) => faults.push({ key, value, rule }));
    keepMs.set(name, age(key, value, latenessMs));
  }
  for (const [key, value] of Object.entries(settings.compression)) {
    if (key !== 'after') faults.push({ key: `compression.${key}`, value, rule: 'the only key is after' });
  }
  const after = settings.compression['after'];
  const compressAfterMs = after === undefined ? null : age('compression.after', after, latenessMs);
  const keepAllMs = keepMs.get('all') ?? null;
  keepMs.delete('all');
  const gapsMs = keepSideMs.get('gaps');
  if (gapsMs !== undefined && gapsMs < Math.max(keepAllMs ?? Infinity, ...keepMs.values())) {
    faults.push({ key: 'retention.gaps', value: settings.retention['gaps'], rule: gapsRule });
  }
  const chunkMs = age('chunk_interval', settings.chunk_interval, 3_600_000);
  return { ages: { chunkMs, compressAfterMs, keepAllMs, keepMs, keepSideMs }, faults };
}

/** The ages of settings that were judged before. Throws an MdpError `config-invalid` otherwise. */
export function requireAges(settings: AgeSettings, latenessMs: number): StoreAges {
  const { ages, faults } = readAges(settings, latenessMs);
  if (faults.length === 0) return ages;
  const lines = faults.map(({ key, value, rule }) => `store.${key} is "${value}"; it must be ${rule}.`);
  throw new MdpError('config-invalid', lines.join(' '));
}

function canonical(spec: string, onFault: (rule: string) => void): string {
  try {
    return parseBarSpec(spec).name;
  } catch (error) {
    onFault(`for a bar spec or all: ${messageOf(error)}`);
    return spec;
  }
}
