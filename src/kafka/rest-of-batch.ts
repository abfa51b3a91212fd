/** The records of a batch that follow the one which was read last, but for the last of them. */
export class RestOfBatch {
  bytes: Buffer = Buffer.alloc(0);
  /** Where the first of them begins. Whoever reads some moves it on, and `previousOffset` with it. */
  at = 0;
  /** Behind the batch, whose last record is not to be read here. */
  end = 0;
  count = 0;
  baseOffset = 0;
  previousOffset = 0;
  lastOffset = 0;
  /** What the times of the records are added to; where they have none of their own, the time of them all. */
  timeMs = 0;
  hasOwnTimes = true;
  /** Another one for each batch: the same memory holds other bytes then. */
  serial = 0;
}

/** Reads many records at once where that is faster; returns how many. Where it cannot, `next` reads them one by one. */
export interface RunReader {
  readRun(rest: RestOfBatch): number;
}
