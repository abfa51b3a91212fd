import { batchFlags, batchLayout, batchPrologueBytes, readInt64, type BatchRun } from './record-batch.ts';

/** A transaction that was aborted: what its producer wrote into it from `firstOffset` on does not count. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What stands side by side in the records of one partition; `control` are markers of transactions. */
export type RunKind = 'records' | 'aborted' | 'control';

export interface Run extends BatchRun {
  readonly kind: RunKind;
}

/** From the first byte to behind the last one. */
interface Range {
  readonly start: number;
  readonly end: number;
}

type GrowingRun = { -readonly [K in keyof Run]: Run[K] };

const magicKnown = 2;
const flagsKnown = batchFlags.codec | batchFlags.logAppendTime | batchFlags.transactional | batchFlags.control
  | batchFlags.deleteHorizon;
const lengthMin = batchLayout.records - batchPrologueBytes;

/**
 * The runs in the records of one partition, `start` to `end` of a response, in the order of the log. A last batch that
 * is cut off is left out: brokers cut an answer at its maximum size, and every consumer asks for the rest again.
 * Null when anything in them is not what this code knows for certain: another magic, flag, size or order. A codec that
 * nobody knows is not for kafkajs to judge, which takes such bytes for plain records: whoever reads the run refuses it.
 *
 * Which batches belong to aborted transactions is decided as the Java consumer does (CompletedFetch.nextFetchedRecord):
 * a producer is out from the first offset of an aborted transaction up to its abort marker, whatever the order in which
 * the broker lists them. (kafkajs 2.2.4 takes the list to be in order, and at most one of it with each message: with
 * transactions that overlap it lets records of aborted ones through.)
 */
export function readRuns(frame: Buffer, range: Range, aborted: readonly AbortedTransaction[]): readonly Run[] | null {
  const runs: GrowingRun[] = [];
  const outcasts = new AbortedProducers(aborted);
  for (let at = range.start; !isCutOff(frame, at, range.end);) {
    const end = at + batchPrologueBytes + frame.readInt32BE(at + batchLayout.length);
    if (!isKnown(frame, at, end)) return null;
    const kind = kindOf(frame, { start: at, end }, outcasts);
    if (kind === null || !append(runs, readRun(frame, { start: at, end, kind }))) return null;
    at = end;
  }
  return runs;
}

function isCutOff(frame: Buffer, at: number, end: number): boolean {
  return at + batchPrologueBytes > end || at + batchPrologueBytes + frame.readInt32BE(at + batchLayout.length) > end;
}

function isKnown(frame: Buffer, at: number, end: number): boolean {
  if (end - at < batchPrologueBytes + lengthMin || frame[at + batchLayout.magic] !== magicKnown) return false;
  const attributes = frame.readInt16BE(at + batchLayout.attributes);
  const baseOffset = readInt64(frame, at + batchLayout.baseOffset);
  const lastOffsetDelta = frame.readInt32BE(at + batchLayout.lastOffsetDelta);
  return (attributes & ~flagsKnown) === 0
    && frame.readInt32BE(at + batchLayout.count) >= 0
    && baseOffset >= 0 && lastOffsetDelta >= 0 && Number.isSafeInteger(baseOffset + lastOffsetDelta)
    && Number.isSafeInteger(readInt64(frame, at + batchLayout.baseTimestamp))
    && Number.isSafeInteger(readInt64(frame, at + batchLayout.maxTimestamp));
}

function readRun(frame: Buffer, place: Range & { readonly kind: RunKind }): Run {
  const baseOffset = readInt64(frame, place.start + batchLayout.baseOffset);
  return {
    ...place,
    baseOffset,
    lastOffset: baseOffset + frame.readInt32BE(place.start + batchLayout.lastOffsetDelta),
    count: frame.readInt32BE(place.start + batchLayout.count),
    batches: 1,
    maxTimestampMs: readInt64(frame, place.start + batchLayout.maxTimestamp),
  };
}

/**
 * One run instead of a batch each: a producer that does not wait sends batches of one record, a thousand in an answer.
 * False when it does not stand behind the last one in the log.
 */
function append(runs: GrowingRun[], next: Run): boolean {
  const last = runs.at(-1);
  if (last !== undefined && next.baseOffset <= last.lastOffset) return false;
  if (last === undefined || last.kind !== next.kind) {
    runs.push(next);
    return true;
  }
  last.end = next.end;
  last.lastOffset = next.lastOffset;
  last.count += next.count;
  last.batches++;
  last.maxTimestampMs = next.maxTimestampMs;
  return true;
}

function kindOf(frame: Buffer, batch: Range, outcasts: AbortedProducers): RunKind | null {
  const attributes = frame.readInt16BE(batch.start + batchLayout.attributes);
  const isControl = (attributes & batchFlags.control) !== 0;
  if (outcasts.areNone) return isControl ? 'control' : 'records';
  const baseOffset = readInt64(frame, batch.start + batchLayout.baseOffset);
  outcasts.advanceTo(baseOffset + frame.readInt32BE(batch.start + batchLayout.lastOffsetDelta));
  const producerId = frame.readBigInt64BE(batch.start + batchLayout.producerId);
  if (isControl) {
    const marker = markerOf(frame, batch);
    if (marker === 'abort') outcasts.take(producerId);
    return marker === 'unknown' ? null : 'control';
  }
  const isTransactional = (attributes & batchFlags.transactional) !== 0;
  return isTransactional && outcasts.has(producerId) ? 'aborted' : 'records';
}

const markerKeyBytes = 4; // Version and type, two bytes each.

/** What a control batch says, in the key of its only record; compaction may have taken that. */
function markerOf(frame: Buffer, batch: Range): 'abort' | 'other' | 'unknown' {
  if (frame.readInt32BE(batch.start + batchLayout.count) === 0) return 'other';
  const attributesAt = afterVarint(frame, batch.start + batchLayout.records);
  const keyLengthAt = afterVarint(frame, afterVarint(frame, attributesAt + 1));
  const isPlain = (frame.readInt16BE(batch.start + batchLayout.attributes) & batchFlags.codec) === 0;
  const isWhole = keyLengthAt + 1 + markerKeyBytes <= batch.end;
  if (!isPlain || !isWhole || frame[keyLengthAt] !== 2 * markerKeyBytes) return 'unknown';
  return frame.readInt16BE(keyLengthAt + 3) === 0 ? 'abort' : 'other';
}

function afterVarint(frame: Buffer, at: number): number {
  let after = at;
  while (frame[after] > 0x7f) after++;
  return after + 1;
}

/** Who is in an aborted transaction, while the log is walked through. */
class AbortedProducers {
  readonly areNone: boolean;
  readonly #ahead: AbortedTransaction[]; // The next one last.
  readonly #now = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.areNone = aborted.length === 0;
    this.#ahead = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  advanceTo(offset: number): void {
    for (let next = this.#ahead.at(-1); next !== undefined && next.firstOffset <= offset; next = this.#ahead.at(-1)) {
      this.#now.add(next.producerId);
      this.#ahead.pop();
    }
  }

  has(producerId: bigint): boolean {
    return this.#now.has(producerId);
  }

  take(producerId: bigint): void {
    this.#now.delete(producerId);
  }
}
