import { systemClock, type Shutdown } from '../lifecycle.ts';
import type { Logger } from '../telemetry/logger.ts';

/** A process group is signalled as a whole and its leader passes the signal on: such an echo is not a second wish. */
const echoMs = 500;

/** The first signal drains, the second forces. Returns what takes the listeners off again. */
export function listenForSignals(shutdown: Shutdown, log: Logger): () => void {
  let askedAtMs = -Infinity;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = systemClock.nowMs();
    if (nowMs - askedAtMs < echoMs) return;
    askedAtMs = nowMs;
    if (shutdown.drain.aborted) log.warn({ signal }, 'Asked again to stop: what is left is given up.');
    shutdown.request(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
}
