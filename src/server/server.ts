import { MdpError } from '../errors.ts';
import { ApiKeys } from './api-keys.ts';
import { judgeBadInput } from './bad-input.ts';
import { judgeConsumers } from './consumer-health.ts';
import { judgeProducers } from './producer-health.ts';
import type { RouteContext, ServerContext } from './context.ts';
import { healthLimits, judge, withRows, type Health } from './health.ts';
import { openListener } from './listener.ts';
import type { Listener } from './listener.ts';
import { RecentStatus } from './recent.ts';
import type { Route } from './route.ts';
import { apiRoutes, monitorRoutes } from './routes.ts';
import { exposureFault } from './security.ts';
import { HealthPublisher } from './stream/health-publisher.ts';
import { LiveStream } from './stream/live-stream.ts';
import { Tickets } from './stream/tickets.ts';

export interface OpenServer {
  /** `http://127.0.0.1:8083`, with the port that was really taken. */
  readonly url: string;
  /** Where /metrics is, or null where metrics are switched off. */
  readonly metricsUrl: string | null;
  /** Answers what it has been asked and lets go of its ports. */
  close(): Promise<void>;
}

/**
 * Opens the HTTP side of the daemon: health, metrics, queries and their description; on a second port only health
 * and metrics, when telemetry.metrics_port asks for one. It looks and never touches. Throws an MdpError
 * `server-failed`.
 */
export async function openServer(context: ServerContext): Promise<OpenServer> {
  const { settings, telemetry, clock, pipeline } = context;
  const fault = exposureFault(settings);
  if (fault !== null) throw new MdpError('server-failed', fault);

  const keys = await ApiKeys.open(settings, context.events);
  const closing = new AbortController();
  const past: Past = {
    recent: new RecentStatus(() => pipeline.status(), healthLimits.lookBackMs),
    badInput: new RecentStatus(() => pipeline.status(), context.badInput.window_ms),
  };
  const routeContext: RouteContext = {
    ...context, keys, tickets: new Tickets(() => clock.nowMs()), health: () => healthNow(context, past),
  };
  const stream = context.live === undefined ? null : new LiveStream({ ...context.live, clock, version: context.version });
  const monitored = monitorRoutes({ hasMetrics: telemetry.enable_metrics });
  const main = await openListener({
    routes: [...monitored, ...apiRoutes],
    context: routeContext, host: settings.host, port: settings.port, documented: true, stream,
  });
  const second = await openSecond(main, routeContext, monitored);
  const looking = Promise.all([past.recent, past.badInput, keys].map((one) => one.run(clock, closing.signal)));
  const streaming = stream === null ? null
    : Promise.all([stream.run(), tellHealth(stream, routeContext).run(clock, closing.signal)]);
  const urls = second === null ? [main.url] : [main.url, second.url];
  context.events.listening(urls);
  return {
    url: main.url,
    metricsUrl: telemetry.enable_metrics ? `${(second ?? main).url}/metrics` : null,
    close: async () => {
      closing.abort();
      await Promise.all([main.close(), second?.close(), looking, streaming]);
    },
  };
}

function tellHealth({ hub }: LiveStream, context: RouteContext): HealthPublisher {
  return new HealthPublisher({ hub, status: () => context.pipeline.status(), health: () => context.health() });
}

/** A port of its own for monitors, so that the API can stay behind a firewall. */
async function openSecond(main: Listener, context: RouteContext, routes: readonly Route[]): Promise<Listener | null> {
  const port = context.telemetry.metrics_port;
  if (port === null || port === context.settings.port) return null;
  try {
    return await openListener({ routes, context, host: context.settings.host, port, documented: false });
  } catch (error) {
    await main.close();
    throw error;
  }
}

/** What is recent depends on who asks. */
interface Past {
  readonly recent: RecentStatus;
  readonly badInput: RecentStatus;
}

function healthNow({ pipeline, badInput }: ServerContext, past: Past): Health {
  const status = pipeline.status();
  const health = judge(status, past.recent.before(status.nowMs), pipeline.eventLoop?.() ?? null);
  const bad = judgeBadInput(status, past.badInput.before(status.nowMs), badInput);
  return withRows(health, [...judgeConsumers(status), ...judgeProducers(status), ...bad]);
}
