import { kafkaSource } from './kafka.ts';
import { replaySource } from './replay.ts';
import type { SourceContext } from './settings.ts';
import type { Source } from './source.ts';
import { syntheticSource } from './synthetic.ts';

/**
 * Every type of source under the name that `type` has in the configuration. A new one is one file and one
 * line here.
 */
export const sourceTypes = {
  synthetic: syntheticSource,
  replay: replaySource,
  kafka: kafkaSource,
} as const;

export type SourceTypeName = keyof typeof sourceTypes;

export type UntypedContext = SourceContext<Readonly<Record<string, unknown>>>;

interface AnySourceType {
  create(context: UntypedContext): Source;
}

/**
 * Makes a source of a type that is known only at run time. The configuration has checked `values` against its
 * settings.
 */
export function createSource(type: SourceTypeName, context: UntypedContext): Source {
  // Methods are compared both ways, so this widens the argument without a cast: the check was made before.
  const sourceType: AnySourceType = sourceTypes[type];
  return sourceType.create(context);
}
