import { replaySource } from './replay.ts';
import type { SourceContext } from './settings.ts';
import type { Source } from './source.ts';
import { syntheticSource } from './synthetic.ts';

/** Every type of source under the name that `type` has in the configuration. A new one is one file and one line here. */
export const sourceTypes = {
  synthetic: syntheticSource,
  replay: replaySource,
} as const;

export type SourceTypeName = keyof typeof sourceTypes;

interface AnySourceType {
  create(context: SourceContext<Readonly<Record<string, unknown>>>): Source;
}

/** Makes a source of a type that is known only at run time. The configuration has checked `values` against its settings. */
export function createSource(type: SourceTypeName, context: SourceContext<Readonly<Record<string, unknown>>>): Source {
  // Methods are compared both ways, so this widens the argument without a cast: the check was the configuration's.
  const sourceType: AnySourceType = sourceTypes[type];
  return sourceType.create(context);
}
