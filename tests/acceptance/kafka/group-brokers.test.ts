import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { DaemonRun } from '../../support/faults/daemon-run.ts';
import { GroupTrial, partitionsOf } from '../../support/faults/group-trial.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { reached } from '../../support/reached.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

/** Connections that it has lost so far, as its source or as kafkajs by itself. */
const troubles = (run: DaemonRun): number => (run.status?.sources[0].disconnects ?? 0) + run.daemon.log.split('Kafka, source').length - 1;

describe.skipIf(why !== null)(`a group whose broker is in trouble folds what the oracle does, seed ${seed}${leftOut}`, { timeout: 240_000 }, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;
  let group: GroupTrial;

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start({ listeners: ['proxied'] })]);
    ground = await prepareGround(postgres);
  });
  afterEach(async () => {
    kafka.thaw();
    await group.dispose();
  });
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  const begin = async (name: string, perSecond: number): Promise<DaemonRun[]> => {
    group = await GroupTrial.begin({ ground, kafka, seed, name, records: 600, perSecond });
    const runs = await group.joinAll(2);
    await group.progress();
    return runs;
  };
  const trouble = (runs: readonly DaemonRun[]): number => runs.reduce((sum, run) => sum + troubles(run), 0);

  it.each(['clean', 'kill'] as const)('when it is stopped (%s) and started again, with more members than before', async (kind) => {
    group = await GroupTrial.begin({ ground, kafka, seed, name: `stopped-${kind}`, records: 600, perSecond: 500 });
    const [first] = await group.joinAll(1);
    await group.progress();
    await kafka.stop(kind);
    const runs = [first, await group.join()];
    await group.until('everybody has lost it', () => runs.every((run) => run.status?.sources[0].state === 'backing-off'));
    await kafka.startAgain();
    await group.peace({ faults: trouble(runs), readAgain: false });
  });

  it('when it stands still for longer than every session, and goes on', async () => {
    const runs = await begin('frozen', 500);
    kafka.freeze();
    await group.until('everybody misses it', () => runs.every((run) => troubles(run) > 0));
    kafka.thaw();
    await group.progress();
    await group.peace({ faults: trouble(runs), readAgain: false });
  });

  it('when the connections of one member swallow all bytes, and nobody is told', async () => {
    group = await GroupTrial.begin({ ground, kafka, seed, name: 'half-open', records: 700, perSecond: 500 });
    const far = await group.join({ keys: { brokers: kafka.addresses('proxied') } });
    const near = await group.join();
    await group.until('both read', () => partitionsOf(far).length > 0 && partitionsOf(near).length > 0);
    await group.progress();
    const lost = partitionsOf(far);
    kafka.proxies[0].swallow();
    await group.until('the other has its partitions', () => lost.every((name) => partitionsOf(near).includes(name)));
    await group.until('it is back', () => partitionsOf(far).length > 0 && partitionsOf(near).length < group.feeds.length);
    reached('a connection that is noticed to be dead', troubles(far) > 0);
    await group.peace({ faults: troubles(far), readAgain: false });
  });
});
