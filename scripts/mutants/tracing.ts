import type { Mutant } from './list.ts';

const tracing = { file: 'src/telemetry/tracing.ts', test: 'tests/telemetry/tracing.test.ts' };
const links = 'tests/telemetry/tracing-links.test.ts';
const commits = 'sends each batch as one trace through source, queue and operators';

/** Faults of traces: what links to what, and who waits for whom. */
export const tracingMutants: readonly Mutant[] = [
  {
    ...tracing, name: 'a commit with a link to one batch alone',
    find: 'const links = madeBy.map(', replace: 'const links = madeBy.slice(0, 1).map(',
    shows: commits,
  },
  {
    ...tracing, name: 'a commit that took no time',
    find: 'const startTime = endedAtMs - seconds * 1_000;', replace: 'const startTime = endedAtMs - seconds * 0;',
    shows: commits,
  },
  {
    ...tracing, name: 'an end that waits for the collector',
    find: 'const closeMsMax = 1_500;', replace: 'const closeMsMax = 1_500_000;',
    shows: 'that takes connections and answers nothing does not hold the end',
  },
  {
    file: 'src/sinks/reshape-batch.ts', test: links, name: 'rows written together that know the first batch alone',
    find: 'madeBy: joinSpanRefs(batches.map((batch) => batch.madeBy)),', replace: 'madeBy: first.madeBy,',
    shows: 'that are written together know all of theirs',
  },
  {
    file: 'src/sinks/row-batcher.ts', test: links, name: 'rows that know the batch alone that made the first of them',
    find: 'if (span !== null && span !== open.span &&', replace: 'if (span !== null && open.span === null &&',
    shows: 'know the batches of ticks that made them, and no other',
  },
  {
    file: 'src/commands/open-spans.ts', test: 'tests/telemetry/tracing.test.ts', name: 'the SDK loaded for nobody',
    find: 'if (!config.telemetry.enable_tracing) return noSpans;', replace: '',
    shows: 'sends nothing and loads nothing of the SDK',
  },
];
