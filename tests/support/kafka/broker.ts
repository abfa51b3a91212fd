import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** Made by scripts/dev.sh. */
const builtDirectory = join(import.meta.dirname, '../../../.kafka/current');
const logCharactersMax = 100_000;
/** A test ends with what the broker has logged, and not by its own deadline. */
const answerMsMax = 40_000;

export interface BrokerOptions {
  /** Path of its server properties. */
  readonly configuration: string;
  /** Of its listener that asks for nothing. */
  readonly port: number;
  readonly storageArguments: readonly string[];
  /** More options of the JVM; they win. */
  readonly jvm: readonly string[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One JVM that runs kafka.Kafka, and performs what it is asked for (kafka/src/main/java/mdp/Requests.java). */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #waiting = new Map<number, Waiting>();
  #jvm: ChildProcess | null = null;
  #requests = 0;
  #isFrozen = false;
  /** What it has logged last: warnings and errors. */
  log = '';

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  get runs(): boolean {
    return this.#jvm !== null && this.#jvm.exitCode === null && this.#jvm.signalCode === null;
  }

  get answers(): boolean {
    return this.runs && !this.#isFrozen;
  }

  get pid(): number | null {
    return this.runs ? this.#jvm!.pid! : null;
  }

  /** Resolves once its port is open; one that runs goes on. */
  async start(): Promise<void> {
    if (this.runs) return;
    const { configuration, port, storageArguments } = this.#options;
    const [command, ...rest] = dyingWithUs([
      'java', ...this.#jvmOptions(), 'mdp.TestBroker', configuration, `127.0.0.1:${port}`, ...storageArguments,
    ]);
    const jvm = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#jvm = jvm;
    this.#isFrozen = false;
    jvm.stdin.on('error', () => {}); // It ends without reading what it was asked last.
    jvm.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-logCharactersMax);
    });
    createInterface({ input: jvm.stdout }).on('line', (line) => this.#onAnswer(line));
    jvm.once('exit', () => this.#onExit());
    for (let attempt = 0; attempt < 3_000; attempt++) {
      if (!this.runs) throw new Error(`Kafka did not start: ${this.log}`);
      if (await isOpen(port)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Kafka did not open its port: ${this.log}`);
  }

  ask<T>(request: Readonly<Record<string, unknown>>): Promise<T> {
    const id = ++this.#requests;
    return new Promise<T>((resolve, reject) => {
      if (!this.runs) throw new Error('this broker does not run');
      const late = setTimeout(() => reject(new Error(`no answer to ${String(request['do'])}: ${this.log}`)), answerMsMax);
      const settled = (): void => clearTimeout(late);
      this.#waiting.set(id, {
        resolve: (result) => { settled(); resolve(result as T); }, reject: (error) => { settled(); reject(error); },
      });
      this.#jvm!.stdin!.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }

  /** `clean` hands its partitions over and syncs its logs; `kill` is a crash. */
  async stop(kind: 'clean' | 'kill'): Promise<void> {
    if (!this.runs) return;
    const exited = once(this.#jvm!, 'exit');
    this.thaw();
    this.#jvm!.kill(kind === 'clean' ? 'SIGTERM' : 'SIGKILL');
    await exited;
  }

  /** Nothing of it runs any more when this returns. */
  freeze(): void {
    const pid = this.pid;
    if (pid === null) return;
    this.#isFrozen = this.#jvm!.kill('SIGSTOP');
    const nap = new Int32Array(new SharedArrayBuffer(4));
    for (let waitedMs = 0; waitedMs < 10_000 && !hasStopped(pid); waitedMs++) Atomics.wait(nap, 0, 0, 1);
  }

  thaw(): void {
    if (this.#isFrozen) this.#jvm?.kill('SIGCONT');
    this.#isFrozen = false;
  }

  #jvmOptions(): string[] {
    const directory = realpathSync(builtDirectory);
    const libraries = readdirSync(join(directory, 'libraries')).sort().map((name) => join(directory, 'libraries', name));
    const classPath = [join(directory, 'test-broker.jar'), ...libraries].join(':');
    const archive = join(directory, 'classes.jsa');
    return [
      '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xlog:disable', '-Xlog:all=error:stderr',
      // The codecs unpack libraries: they go with the broker, also when it is killed.
      `-Djava.io.tmpdir=${dirname(this.#options.configuration)}`, '-XX:-UsePerfData',
      ...(existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : []), ...this.#options.jvm, '-cp', classPath,
    ];
  }

  #onAnswer(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  #onExit(): void {
    const ended = new Error(`the broker ended before it answered: ${this.log}`);
    for (const { reject } of this.#waiting.values()) reject(ended);
    this.#waiting.clear();
  }
}

/** Null when a broker can run here, else why not, and what to install. */
export function whyNoKafka(): string | null {
  const path = (process.env['PATH'] ?? '').split(':');
  if (!path.some((directory) => existsSync(join(directory, 'java')))) {
    return 'Java is not installed (Kafka needs 17): apt-get install default-jdk-headless maven';
  }
  const isBuilt = existsSync(join(builtDirectory, 'libraries')) && existsSync(join(builtDirectory, 'test-broker.jar'));
  return isBuilt ? null : 'Kafka is not there: with Java 17 and Maven installed, ./scripts/dev.sh test fetches it';
}

/** Each thread takes the signal by itself. Where the system does not show threads, it is left at having sent it. */
function hasStopped(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return true;
  return readdirSync(threads).every((id) => {
    const stat = join(threads, id, 'stat');
    if (!existsSync(stat)) return true; // It has ended since.
    const text = readFileSync(stat, 'utf8');
    return text[text.lastIndexOf(')') + 2] === 'T';
  });
}

/** The end of stdin ends a broker that can read it; a frozen one cannot. */
function dyingWithUs(command: readonly string[]): readonly string[] {
  const path = (process.env['PATH'] ?? '').split(':');
  const canBeTold = path.some((directory) => existsSync(join(directory, 'setpriv')));
  return canBeTold ? ['setpriv', '--pdeathsig=KILL', ...command] : command;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
