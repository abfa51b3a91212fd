export interface Tolerance {
  readonly out_of_orderness_ms: number;
  readonly allowed_lateness_ms: number;
}

/**
 * Event time of one venue in one lane, as far as the log has shown it. It moves by admitted ticks alone, so that it is a
 * function of the log; admission and operators keep one each and always agree, because they see the same ticks.
 */
export class EventClock {
  /** The newest admitted event time, ms since 1970 UTC; -Infinity before the first. */
  newestMs = -Infinity;
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;

  constructor(tolerance: Tolerance) {
    this.outOfOrdernessMs = tolerance.out_of_orderness_ms;
    this.allowedLatenessMs = tolerance.allowed_lateness_ms;
  }

  /** Bars that end here or before are closed. */
  get watermarkMs(): number {
    return this.newestMs - this.outOfOrdernessMs;
  }

  /** Ticks before this are late; bars that end here or before are settled. */
  get horizonMs(): number {
    return this.watermarkMs - this.allowedLatenessMs;
  }
}
