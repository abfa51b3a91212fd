import type { Config } from '../config.ts';
import type { Clock } from '../model/clock.ts';
import { noSpans, type Spans } from '../telemetry/spans.ts';
import { version } from './version.ts';

/** The SDK of OpenTelemetry is loaded only where somebody wants traces. */
export async function openSpans(config: Config, clock: Clock): Promise<Spans> {
  if (!config.telemetry.enable_tracing) return noSpans;
  const { TracedStages } = await import('../telemetry/tracing.ts');
  return new TracedStages({ version, pipeline: config.name, clock, elapsedMs: () => performance.now() });
}
