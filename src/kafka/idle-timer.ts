import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { requestQueueClass } from './kafkajs.ts';

/**
 * kafkajs 2.2.4 looks for throttled requests with a timer whose delay is negative when nothing is throttled: every
 * connection wakes the process a thousand times a second for ever, and Node 24 warns of it (its issues 1556, 1704, 1751).
 * A queue without requests needs no timer: whoever adds one that has to wait asks for it. May be called again.
 */
export function stopIdleTimers(): void {
  const { prototype } = requestQueueClass();
  const schedule = prototype.scheduleCheckPendingRequests;
  if (schedule.name === scheduleWhenPending.name) return;
  prototype.scheduleCheckPendingRequests = scheduleWhenPending;

  function scheduleWhenPending(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  }
}
