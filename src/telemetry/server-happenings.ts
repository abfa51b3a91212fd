import { messageOf } from '../errors.ts';
import type { Logger } from './logger.ts';
import type { MetricRegistry } from './registry.ts';
import { again, type Repeats } from './repeats.ts';

interface Call {
  readonly key: string | null;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** What is to be logged and observed of the HTTP side: like Happenings, which has it as `server`. */
export class ServerHappenings {
  readonly #logger: Logger;
  readonly #metrics: MetricRegistry;
  readonly #repeats: Repeats;

  constructor(parts: { readonly logger: Logger; readonly metrics: MetricRegistry; readonly repeats: Repeats }) {
    this.#logger = parts.logger;
    this.#metrics = parts.metrics;
    this.#repeats = parts.repeats;
  }

  listening(urls: readonly string[]): void {
    this.#logger.info({ urls }, `Health, metrics and queries are served at ${urls.join(' and ')}.`);
  }

  requestAnswered({ method, route, status, seconds }: {
    readonly method: string; readonly route: string; readonly status: number; readonly seconds: number;
  }): void {
    this.#metrics.observe('mdp_http_request_seconds', { method, route, status: String(status) }, seconds);
  }

  requestFailed(route: string, error: unknown): void {
    this.#repeats.happened(`request ${route}`,
      () => this.#logger.error({ route, error }, `A request for ${route} could not be answered.`),
      (count) => this.#logger.error({ route, error, count },
        `A request for ${route} could not be answered ${again(count)}.`));
  }

  /** An update of the live stream was handed to a client; the newest tick in it was read so long ago. */
  updateSent(lagSeconds: number): void {
    this.#metrics.observe('mdp_stream_lag_seconds', {}, lagSeconds);
  }

  // Who may ask, and who asked for a change.

  keysRead({ file, names }: { readonly file: string; readonly names: readonly string[] }): void {
    this.#audit({ what: 'api keys', file, names, outcome: 'read' }, `The API keys of ${file} count: ${names.join(', ')}.`);
  }

  keysKept({ file, problem }: { readonly file: string; readonly problem: string }): void {
    this.#logger.error({ file, problem }, `The API keys of ${file} cannot be used: ${problem} Those that were read before ` +
      'count until it is mended.');
  }

  /** The first is told with its address; of guessing without end, one line every 30 s with the newest. */
  keyRefused({ address, method, path, status }: Call): void {
    const fields = { what: `${method} ${path}`, address, status, outcome: 'refused' };
    this.#repeats.happened('key refused',
      () => this.#audit(fields, `A call from ${address} was refused: it had no key, or a wrong one.`),
      (count) => this.#audit({ ...fields, count },
        `A call was refused for its key ${again(count)}, last from ${address}.`));
  }

  changeAnswered({ key, address, method, path, status }: Call): void {
    const outcome = status < 400 ? 'done' : 'refused';
    this.#audit({ what: `${method} ${path}`, key, address, status, outcome },
      `${method} ${path} by ${key === null ? 'somebody without a key' : `the key ${key}`} from ${address} was ${outcome}.`);
  }

  /** The call has been answered: that its line cannot be kept is told, and changes nothing any more. */
  #audit(fields: object, message: string): void {
    try {
      this.#logger.audit(fields, message);
    } catch (error) {
      this.#repeats.happened('audit failed', () => this.#logger.error({ error }, messageOf(error)),
        (count) => this.#logger.error({ error, count }, `${messageOf(error)} This happened ${again(count)}.`));
    }
  }
}
