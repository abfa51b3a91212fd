import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded, type Embedded } from '../../src/embedded/launcher.ts';
import { Database } from '../../src/postgres.ts';

/** An embedded TimescaleDB of the test's own, in a temporary directory. */
export class TestEmbedded {
  readonly dataDir: string;
  #embedded: Embedded;
  readonly #databases: Database[] = [];

  private constructor(dataDir: string, embedded: Embedded) {
    this.dataDir = dataDir;
    this.#embedded = embedded;
  }

  static async start(): Promise<TestEmbedded> {
    const dataDir = mkdtempSync(join(tmpdir(), 'mdp-embedded-'));
    return new TestEmbedded(dataDir, await startEmbedded({ dataDir, log: () => {} }));
  }

  get url(): string {
    return this.#embedded.url;
  }

  get pid(): number {
    return this.#embedded.pid;
  }

  get exited(): Embedded['exited'] {
    return this.#embedded.exited;
  }

  /** A pool for the test's own questions. Closed by `dispose`. */
  connect(clientsMax = 4): Database {
    const database = new Database({
      url: this.url, applicationName: 'mdp-test', clientsMax, connectTimeoutMs: 20_000,
      statementTimeoutMs: 60_000, idleInTransactionTimeoutMs: 60_000,
    });
    this.#databases.push(database);
    return database;
  }

  /** Nothing of it is closed in order: what a crash of the machine's process leaves. */
  async crash(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.exited;
    await this.#closePools();
  }

  /** In order; the directory stays. */
  async stop(): Promise<void> {
    await this.#closePools();
    await this.#embedded.close();
  }

  /** On the same directory, after a stop or a crash. */
  async startAgain(): Promise<void> {
    this.#embedded = await startEmbedded({ dataDir: this.dataDir, log: () => {} });
  }

  async dispose(): Promise<void> {
    await this.#closePools();
    await this.#embedded.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #closePools(): Promise<void> {
    await Promise.all(this.#databases.splice(0).map((database) => database.close()));
  }
}
