import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { alertRules, read } from '../../packaging/files.ts';
import { DaemonProcess, type DaemonOptions } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestPrometheus, type Target } from '../../support/prometheus.ts';
import { rulesInSeconds } from '../../support/quick-rules.ts';

/** Twice a second, of a minute that is a second: as often as Prometheus looks every thirty seconds. */
const everyMs = 500;
const firesMsMax = 45_000;

/** A daemon with the settings that make faults quick, and what it is called in /metrics. */
export interface Watched {
  readonly daemon: DaemonProcess;
  readonly url: string;
}

interface WatchOptions extends Omit<DaemonOptions, 'config'> {
  /** How often it is looked at, where that is not as for all. */
  readonly everyMs?: number;
  /** What a cluster says of it: `pod`. */
  readonly labels?: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly otherwise: string;
  readonly url: string;
  readonly longestMs: number;
}

const quick = {
  bars: { specs: ['1s'] }, checkpoint: { interval_ms: 100 },
  sink: { retry: { base_ms: 10, max_ms: 50 }, circuit_breaker: { reset_ms: 200 } },
};

/** Daemons side by side that one Prometheus watches, with our rules in the time of a test. For one `describe`. */
export class Watch {
  readonly #daemons: DaemonProcess[] = [];
  readonly #targets = new Map<string, Target>();
  readonly #repeated: NodeJS.Timeout[] = [];
  #prometheus: TestPrometheus | null = null;

  constructor() {
    beforeAll(async () => {
      this.#prometheus = await TestPrometheus.start({ everyMs, rules: rulesInSeconds(read('monitoring/alerts.yml')) });
    });
    afterAll(async () => {
      for (const timer of this.#repeated) clearInterval(timer);
      for (const daemon of this.#daemons) daemon.signal('SIGCONT');
      await Promise.all(this.#daemons.map((daemon) => daemon.stop('SIGKILL')));
      await this.#prometheus?.dispose();
    });
  }

  /** Starts a daemon of these settings and watches it from its first moment on. */
  async start(name: string, settings: object, options: WatchOptions = {}): Promise<Watched> {
    const { everyMs: ownPaceMs, labels, ...process } = options;
    const daemon = new DaemonProcess({ ...process, config: JSON.stringify({ name, ...quick, ...settings }) });
    this.#daemons.push(daemon);
    const url = await listening(daemon);
    this.#targets.set(url, { url, ...(ownPaceMs === undefined ? {} : { everyMs: ownPaceMs }), ...(labels === undefined ? {} : { labels }) });
    this.#prometheus!.scrape([...this.#targets.values()]);
    return { daemon, url };
  }

  /** Does it again and again until the end of the tests. */
  repeat(everyTimeMs: number, act: () => void): void {
    this.#repeated.push(setInterval(act, everyTimeMs));
  }

  /** Somebody asks for a page again and again, whatever comes. */
  ask(url: string): void {
    this.repeat(200, () => void fetch(url, { signal: AbortSignal.timeout(2_000) }).then((answer) => answer.text()).catch(() => {}));
  }

  /** Waits until Prometheus knows its counts: what counts up before that is no increase. */
  async seen(watched: Watched): Promise<void> {
    while ((await this.value('count_over_time(mdp_source_status{$instance}[1m])', watched) ?? 0) < 3) await wait(everyMs / 2);
  }

  /** Waits until this alert fires, for this daemon. */
  async fires(alert: string, { url }: Watched, longestMs = firesMsMax): Promise<void> {
    expect(alertRules().map((rule) => rule.alert)).toContain(alert);
    await this.#until((firing) => firing.includes(alert), { otherwise: `${alert} did not fire`, url, longestMs });
  }

  async ends(alert: string, { url }: Watched): Promise<void> {
    await this.#until((firing) => !firing.includes(alert), { otherwise: `${alert} did not end`, url, longestMs: firesMsMax });
  }

  /** Asks no more often than something can have changed. */
  async #until(isSo: (firing: readonly string[]) => boolean, { otherwise, url, longestMs }: Waiting): Promise<void> {
    for (const deadline = AbortSignal.timeout(longestMs); ; await wait(everyMs / 2)) {
      const firing = await this.firing({ url });
      if (isSo(firing)) return;
      if (deadline.aborted) throw new Error(`${otherwise} within ${longestMs} ms; what fires: ${firing.join(', ')}.`);
    }
  }

  /** How many series a query of the dashboard finds, of all that are watched. */
  async found(query: string): Promise<number> {
    return (await this.#prometheus!.series(query)).length;
  }

  firing({ url }: Pick<Watched, 'url'>): Promise<readonly string[]> {
    return this.#prometheus!.firing(url);
  }

  async value(query: string, { url }: Watched): Promise<number | null> {
    return this.#prometheus!.value(query.replaceAll('$instance', `instance="${new URL(url).host}"`));
  }
}

/** The address is taken before the database is reached: a daemon that never is ready can be watched too. */
async function listening(daemon: DaemonProcess): Promise<string> {
  const address = (): string | undefined => /"urls":\["([^"]+)"/.exec(daemon.log)?.[1];
  await Promise.race([eventually(() => address() !== undefined), daemon.ended()]);
  return address() ?? Promise.reject(new Error(`The daemon does not listen:\n${daemon.log}`));
}
