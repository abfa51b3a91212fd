/**
 * A setting is declared once, beside the code that uses it; config.ts composes the declarations, reads the file and the
 * environment, and hands each component its slice of values under the same keys.
 */
interface Described {
  /** A sentence for the configuration reference: what it does, its unit, what 0 means. */
  readonly doc: string;
  /** Environment names beside the general `PIPELINE_<PATH>`. */
  readonly env?: string;
}

export type Setting =
  | (Described & {
    readonly type: 'integer' | 'number'; readonly default: number | null; readonly min?: number; readonly max?: number;
  })
  | (Described & { readonly type: 'boolean'; readonly default: boolean })
  | (Described & { readonly type: 'text'; readonly default: string | null; readonly secret?: true })
  | (Described & { readonly type: 'choice'; readonly default: string; readonly choices: readonly string[] })
  | (Described & { readonly type: 'text-list'; readonly default: readonly string[] })
  | (Described & { readonly type: 'text-map'; readonly default: Readonly<Record<string, string>> });

export type Settings = { readonly [key: string]: Setting };

type ValueOf<S extends Setting> =
  S extends { readonly type: 'integer' | 'number' } ? (S['default'] extends null ? number | null : number)
  : S extends { readonly type: 'boolean' } ? boolean
  : S extends { readonly type: 'choice' } ? S['choices'][number]
  : S extends { readonly type: 'text-list' } ? readonly string[]
  : S extends { readonly type: 'text-map' } ? Readonly<Record<string, string>>
  : S['default'] extends null ? string | null : string;

/** The values of a group of settings, as its component receives them. */
export type ValuesOf<S extends Settings> = { readonly [K in keyof S]: ValueOf<S[K]> };
