import type { Config } from '../config.ts';
import type { Clock } from '../model/clock.ts';
import type { LaneHorizons } from '../model/lane.ts';
import type { StoreStatus } from '../model/status.ts';
import type { Database } from '../postgres.ts';
import { requireAges } from '../store/ages.ts';
import { settleLane } from '../store/lanes.ts';
import { StoreMaintenance } from '../store/maintenance.ts';
import type { Happenings } from '../telemetry/happenings.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How old what the database says is settled may be, ms: reads with a fill end that much earlier. */
const settleEveryMs = 5_000;
const lookEveryMs = 250;

export interface HousekeepingParts {
  readonly pipeline: { horizons(): readonly LaneHorizons[]; oldestRowAtMs(): number };
  readonly database: Database;
  readonly server: StoreStatus;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly happenings: Pick<Happenings, 'lookFailed'>;
}

/**
 * What the daemon does beside its work, until `abort` fires: writes down up to where its lanes are settled, compresses and
 * deletes old bars. Failures are logged; the next round comes.
 */
export class Housekeeping {
  readonly #parts: HousekeepingParts;
  readonly #maintenance: StoreMaintenance;
  #settledUntilMs: number | null = null;

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
    const { config, database, server, clock, log } = parts;
    this.#maintenance = new StoreMaintenance({
      database, server, clock, ages: requireAges(config.store, latenessOf(config)),
      statementDeadlineMs: config.store.maintenance_interval_ms, intervalMs: config.store.maintenance_interval_ms,
      settledUntilMs: () => this.#settledUntilMs,
      onRound: (report) => log.info(report, 'Old bars were looked after.'),
      onFailure: (error) => log.warn({ error }, 'Old bars could not be looked after; the next round tries again.'),
    });
  }

  async run(abort: AbortSignal): Promise<void> {
    await Promise.all([this.#settle(abort), this.#maintenance.run(abort)]);
  }

  async #settle(abort: AbortSignal): Promise<void> {
    const { clock, happenings } = this.#parts;
    while (!abort.aborted) {
      await clock.wait(settleEveryMs, abort);
      await this.#settleOnce(abort).catch((error: unknown) => {
        if (!abort.aborted) happenings.lookFailed('What is settled could not be written down.', error);
      });
    }
  }

  /** Horizons of now are true once every row that was emitted before now is committed. */
  async #settleOnce(abort: AbortSignal): Promise<void> {
    const { pipeline, database, config, clock } = this.#parts;
    const lanes = pipeline.horizons().filter(({ untilMs }) => untilMs.size > 0);
    const takenAtMs = clock.nowMs();
    while (pipeline.oldestRowAtMs() <= takenAtMs) {
      await clock.wait(lookEveryMs, abort);
      if (abort.aborted) return;
    }
    const limit = { deadlineMs: config.store.statement_timeout_ms, abort };
    for (const lane of lanes) await settleLane(database, limit, lane);
    if (lanes.length > 0) this.#settledUntilMs = leastUnsettledMs(lanes);
  }
}

/**
 * Bars that close later than this may still change; Infinity where none can. A lane that has told all that it will ever
 * tell, because its complete log was folded to its end or its venue has reached `until`, stands in nobody's way: old
 * history beside a live source would else keep the live bars from growing old.
 */
export function leastUnsettledMs(lanes: readonly Pick<LaneHorizons, 'untilMs' | 'endsAtMs'>[]): number {
  return Math.min(...lanes.flatMap(({ untilMs, endsAtMs }) => [...untilMs.values()].filter((ms) => ms < endsAtMs)));
}

/** Bars younger than this may still be revised. */
export function latenessOf(config: Config): number {
  return config.bars.allowed_lateness_ms + config.bars.out_of_orderness_ms;
}
