import type { SourceContext } from './settings.ts';
import type { Source } from './source.ts';
import { syntheticSource } from './synthetic.ts';

/** Every type of source under the name that `type` has in the configuration. A new one is one file and one line here. */
export const sourceTypes = {
  synthetic: syntheticSource,
} as const;

export type SourceTypeName = keyof typeof sourceTypes;

/** Makes a source of a type that is known only at run time. The configuration has checked `values` against its settings. */
export function createSource(type: SourceTypeName, context: SourceContext<Readonly<Record<string, unknown>>>): Source {
  const create = sourceTypes[type].create as (context: SourceContext<Readonly<Record<string, unknown>>>) => Source;
  return create(context);
}
