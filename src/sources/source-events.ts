import type { MdpError } from '../errors.ts';
import type { TickBatch } from '../model/tick-batch.ts';

/** Past tense: each is called once per happening, never per tick. */
export interface SourceEvents {
  /** It was read, as its `receivedTimeMs` says, and its turn has come: now it goes to its lane. */
  batchRead(source: string, batch: TickBatch): void;
  sourceStarted(source: string): void;
  sourceEnded(source: string, ticks: number): void;
  sourceDisconnected(source: string, problem: string, retryInMs: number): void;
  sourceFailed(source: string, error: MdpError): void;
}
