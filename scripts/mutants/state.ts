import type { Mutant } from './list.ts';

const encode = { file: 'src/checkpoints/encode.ts', test: 'tests/checkpoints/encode.test.ts' };
const tree = { file: 'src/checkpoints/state-tree.ts', test: 'tests/checkpoints/encode.test.ts' };
const columns = { file: 'src/checkpoints/column-bytes.ts', test: 'tests/checkpoints/encode.test.ts' };
const bars = { file: 'src/operators/time-bars-snapshot.ts' };
const continued = { test: 'tests/operators/fold-properties.test.ts', shows: 'goes on from a snapshot at any border of batches' };
const meaning = { test: 'tests/operators/snapshot-meaning.test.ts' };

/** Faults of what a checkpoint holds. */
export const stateMutants: readonly Mutant[] = [
  {
    ...encode, name: 'a checksum that nobody compares',
    find: 'if (!checksum.equals(view.subarray(checksumAt)))', replace: 'if (checksum.length === 0)',
    shows: 'are refused, whichever bit it is',
  },
  {
    ...encode, name: 'a checksum without the bytes before the frame',
    find: '.update(packed).update(view.subarray(0, prefixBytes)).digest()', replace: '.update(packed).digest()',
    shows: 'comes back as it was, whatever it holds',
  },
  {
    ...encode, name: 'a bound that is not asked when a state is read',
    find: 'if (!(bodyBytes <= limits.bytesMax)) refuseLarge(limits);', replace: '',
    shows: 'holds when it is read, before anything is inflated',
  },
  {
    ...tree, name: 'a minus zero that loses its sign', find: '&& !Object.is(state, -0) ?', replace: '?',
    shows: 'comes back as it was, whatever it holds',
  },
  {
    ...columns, name: 'text as UTF-8', find: ".join(''), 'utf16le')", replace: ".join(''), 'utf8')",
    shows: 'comes back as it was, whatever it holds',
  },
  {
    ...columns, name: 'columns without padding',
    find: 'if (bytes % alignment !== 0) yield', replace: 'if (bytes < 0) yield',
    shows: 'comes back as it was, whatever it holds',
  },
  {
    ...bars, ...continued, name: 'which rows were emitted, forgotten in the snapshot',
    find: 'emittedRows: from.emittedRows[row], table', replace: 'emittedRows: 0, table',
  },
  {
    ...bars, ...continued, name: 'what is whole, forgotten in the snapshot',
    find: 'windows.wholeFromMs[spec] = from.wholeFromMs[saved];', replace: 'windows.wholeFromMs[spec] = -Infinity;',
    ...meaning, shows: 'stays not whole over a snapshot',
  },
  {
    ...bars, ...continued, name: 'gaps forgotten in the snapshot',
    find: 'keys: byVenue.keys.map((place) => (place === -1 ? -1 : origin.venues[place])),', replace: 'keys: new Int32Array(0),',
  },
  {
    ...continued, file: 'src/operators/venue-admission.ts', name: 'seen ids forgotten in the snapshot',
    find: 'if (from.seen !== null) this.seen?.restore', replace: 'if (from.seen === undefined) this.seen?.restore',
  },
  {
    file: 'src/operators/venue-admission.ts', test: 'tests/operators/held-ticks.test.ts', name: 'a hold forgotten in the snapshot',
    find: 'this.held.ticks = from.held.map((held) => (', replace: 'this.held.ticks = from.held.slice(0, 0).map((held) => (',
    shows: 'keeps held ticks and what witnesses have said',
  },
  {
    ...meaning, ...bars, name: 'a new bar spec that counts as whole from the beginning',
    find: 'windows.wholeFromMs.fill(Math.max(windows.clock.horizonMs, ...from.wholeFromMs));', replace: '',
    shows: 'has a first bar that is not whole where that opened before',
  },
  {
    ...meaning, ...bars, name: 'gaps of a spec that is gone, put on all',
    find: 'return index === -1 ? goneSpec : index;', replace: 'return index;', shows: 'takes its own gaps with it',
  },
  {
    ...meaning, ...bars, name: 'another lateness that nobody asks',
    find: "'bars.allowed_lateness_ms': String(settings.allowed_lateness_ms),", replace: '',
    shows: 'are named by the bars too',
  },
  {
    ...meaning, file: 'src/operators/admission-snapshot.ts', name: 'admission that takes any settings',
    find: 'refuseChanges(lane, changesIn(saved.fingerprints, own));', replace: '', shows: 'are refused:',
  },
  {
    ...meaning, file: 'src/operators/fingerprints.ts', name: 'a version that nobody asks',
    find: 'if (saved === own) return;', replace: 'return;', shows: 'is refused in words: timeBars',
  },
];
