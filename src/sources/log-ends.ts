import { MdpError } from '../errors.ts';
import { openKafkaLogEnd } from './kafka/kafka-log-end.ts';
import type { KafkaSourceValues } from './kafka/source-settings.ts';
import type { LogEnd } from './log-end.ts';
import type { SourceTypeName, UntypedContext } from './registry.ts';
import { openReplayLogEnd } from './replay/replay-log-end.ts';
import type { SourceContext } from './settings.ts';
import type { ReplayValues } from './replay/settings.ts';

interface LogEndType {
  /** Throws an MdpError `dead-letter-refused` where this source's log takes no records as it is configured. */
  open(context: UntypedContext, logIdentity: string): Promise<LogEnd>;
}

/** Where a record can be put at the end of a log, by type of source; a type whose logs take none says why. */
const logEnds: { readonly [T in SourceTypeName]: LogEndType } = {
  // Methods are compared both ways, as in registry.ts.
  replay: { open(context: SourceContext<ReplayValues>) { return openReplayLogEnd(context); } },
  kafka: {
    open(context: SourceContext<KafkaSourceValues>, logIdentity) { return openKafkaLogEnd(context, logIdentity); },
  },
  synthetic: {
    async open({ name }) {
      throw new MdpError('dead-letter-refused', `Source "${name}" is synthetic: its ticks are made up from its settings ` +
        'and its seed, and nothing can be appended to them. Drop the letters.');
    },
  },
};

/**
 * The configuration has checked the values of `context` against the settings of the type. `logIdentity` is what the lane
 * knows its log by: it says which one of a source that has several.
 */
export function openLogEnd(type: SourceTypeName, context: UntypedContext, logIdentity: string): Promise<LogEnd> {
  return logEnds[type].open(context, logIdentity);
}
