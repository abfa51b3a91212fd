import { MdpError } from '../errors.ts';

/** Where a value comes from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'flag' }
  | { readonly kind: 'inherited'; readonly key: string };

/** A value on its way into the configuration. */
export interface Assignment {
  readonly path: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** One thing that is wrong, and what to write instead. */
export interface Fault {
  readonly key: string;
  /** As it stands there, shortened; masked where it is secret; null where there is none or it may be secret. */
  readonly value: string | null;
  readonly origin: Origin;
  readonly rule: string;
  /** The known name that comes closest, for a typo. */
  readonly nearest?: string | null;
}

export const mask = '***';

export function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'default': return 'default';
    case 'file': return `${origin.file}:${origin.line}`;
    case 'environment': return origin.name;
    case 'flag': return '--set';
    case 'inherited': return `as ${origin.key}`;
  }
}

export function faultText(fault: Fault): string {
  const value = fault.value === null ? '' : ` is ${fault.value}`;
  const meant = fault.nearest ?? null;
  const hint = meant === null ? '' : ` Did you mean ${meant}?`;
  return `${originText(fault.origin)}: ${fault.key}${value}: ${fault.rule}.${hint}`;
}

const valueLengthMax = 80;

/** A value for people, in one line. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}…`;
}

/** All faults in one error, in the order in which people mend them: files, environment, flags, defaults. */
export function faultsError(faults: readonly Fault[], files: readonly string[]): MdpError {
  const ranked = faults.map((fault, index) => ({ fault, index, ...rankOf(fault.origin, files) }));
  ranked.sort((a, b) => a.layer - b.layer || a.line - b.line || a.index - b.index);
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  const lines = ranked.map(({ fault }) => `  ${faultText(fault)}`);
  return new MdpError('config-invalid', `The configuration has ${count}:\n${lines.join('\n')}`);
}

function rankOf(origin: Origin, files: readonly string[]): { layer: number; line: number } {
  switch (origin.kind) {
    case 'file': return { layer: files.indexOf(origin.file), line: origin.line };
    case 'environment': return { layer: files.length, line: 0 };
    case 'flag': return { layer: files.length + 1, line: 0 };
    case 'inherited': return { layer: files.length + 2, line: 0 };
    case 'default': return { layer: files.length + 3, line: 0 };
  }
}
