import type { LiveHubView } from '../../live/client.ts';
import type { Clock } from '../../model/clock.ts';
import type { PipelineStatus } from '../../model/status.ts';
import type { Health } from '../health.ts';
import { streamHealth } from './health-figures.ts';

export interface HealthPublisherOptions {
  readonly hub: LiveHubView;
  readonly status: () => PipelineStatus;
  readonly health: () => Health;
}

/** Rates are those of the last second: older figures would tell of the time when nobody looked. */
const everyMs = 1_000;
const lookBackMsMax = 5_000;

/** Tells the hub how the pipeline is, once a second while somebody is subscribed to anything, when it has changed. */
export class HealthPublisher {
  readonly #options: HealthPublisherOptions;
  #before: PipelineStatus | null = null;
  #published = '';

  constructor(options: HealthPublisherOptions) {
    this.#options = options;
  }

  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.turn();
      await clock.wait(everyMs, signal);
    }
  }

  turn(): void {
    const { hub, status, health } = this.#options;
    if (hub.status.subscriptions === 0) return;
    const now = status();
    const isRecent = this.#before !== null && now.nowMs - this.#before.nowMs <= lookBackMsMax;
    const figures = streamHealth(now, isRecent ? this.#before : null, health());
    this.#before = now;
    const text = JSON.stringify({ ...figures, now_ms: 0 });
    if (text === this.#published) return;
    this.#published = text;
    hub.publishHealth(figures);
  }
}
