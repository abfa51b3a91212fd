import type { Mutant } from './list.ts';

const bounds = { test: 'tests/operators/lane-bounds.test.ts' };
const admin = { file: 'src/store/lane-admin.ts', test: 'tests/store/lane-admin.test.ts' };

/** Faults of who owns which bars. */
export const laneMutants: readonly Mutant[] = [
  {
    ...bounds, name: 'a tick beyond until that closes nothing', file: 'src/operators/venue-admission.ts',
    find: '(eventTimeMs >= untilMs && horizonMs < untilMs)',
    replace: 'false',
    shows: 'close bars by the time that they show, under their own position',
  },
  {
    ...bounds, name: 'the end of the bounds included', file: 'src/operators/venue-admission.ts',
    find: 'lastBefore(bounds.untilMs)',
    replace: 'bounds.untilMs',
    shows: 'are excluded and counted, to the millisecond and its parts',
  },
  {
    ...bounds, name: 'windows of another lane kept over a restart', file: 'src/operators/time-bars.ts',
    find: '      windows.leaveOutside(this.#bounds);\n',
    replace: '',
    shows: 'may get them at a restart: what it has of other times by then is let go',
  },
  {
    ...bounds, name: 'wider bounds over ticks that have gone by', file: 'src/operators/lane-bounds.ts',
    find: 'newestMs >= untilMs) refuse',
    replace: 'newestMs > untilMs) refuse',
    shows: 'may have wider ones only while nothing was excluded that it would need',
  },
  {
    ...admin, name: 'a hand-over whose giver stays settled',
    find: '    await endSettled(client, handOver);\n',
    replace: '',
    shows: 'makes the receiver where it was never started, and ends what the giver says is settled',
  },
  {
    ...admin, name: 'a checkpoint left in the old generation',
    find: 'AND lane_checkpoints.generation = lanes.generation',
    replace: 'AND false',
    shows: 'fences whoever still writes under the old one, and keeps the checkpoint',
  },
  {
    file: 'src/pipeline.ts', test: 'tests/acceptance/kafka/blocked-loop.test.ts', name: 'partitions that each have all of the queues',
    find: 'lanesOfSource: () => this.#lanes.countOf(lane.source)',
    replace: 'lanesOfSource: () => 1',
    shows: 'for three sessions is thrown out, loses its lanes, comes back, and every row is right: before a commit',
  },
  {
    file: 'src/lane-book.ts', test: 'tests/lane-book.test.ts', name: 'room that stays with a lane which was let go',
    find: 'Math.max(1, this.ofSource(source).length)',
    replace: 'Math.max(1, this.all.filter(({ lane }) => lane.source === source).length)',
    shows: 'have the room again of one that is let go',
  },
];
