/**
 * Counts changes: each one that the hub hears of has a greater number than all before it. What a client has been told is
 * all up to one number, so that nothing has to be remembered by client and change.
 */
export class Changes {
  /** Of the newest; 0 before the first. */
  last = 0;

  next(): number {
    return ++this.last;
  }
}
