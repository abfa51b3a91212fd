import type { TestKafka } from '../kafka.ts';
import type { DaemonRun } from './daemon-run.ts';
import { GroupTrial, partitionsOf } from './group-trial.ts';
import type { TrialGround } from './trial.ts';

export interface StandingWish {
  readonly ground: TrialGround;
  readonly kafka: TestKafka;
  readonly seed: number;
  /** A fail point and which of its passings: `before-commit:150`. */
  readonly standAt: string;
  /** How long the event loop stands still there. */
  readonly standMs: number;
  readonly sessionMs: number;
  /** Ticks a second of each member: 2,800 of them are there to be read. */
  readonly perSecond: number;
}

/**
 * A member whose event loop stands still for longer than its session is thrown out and loses its lanes to another; it comes
 * back as a new member. Throws where it does not, or where a row is wrong at the end.
 */
export async function standAndComeBack(wish: StandingWish): Promise<void> {
  const { ground, kafka, seed, standAt, standMs, sessionMs, perSecond } = wish;
  const group = await GroupTrial.begin({
    ground, kafka, seed, name: standAt.replace(':', '-'), partitions: 4, records: 700, perSecond, keys: { session_timeout_ms: sessionMs },
  });
  const isMember = async (id: string | null): Promise<boolean> => (await kafka.group(group.name)).members.some((member) => member.id === id);
  try {
    // By itself a process ends that has stood still for 30 s; this one is to come back.
    const sections = { faults: { stand_at: standAt, stand_ms: standMs }, watchdog: { stall_ms: 30_000 + standMs } };
    const standing = await group.join({ sections });
    await group.until('it reads', () => partitionsOf(standing).length > 0);
    const before = memberOf(standing);
    const other = await group.join();
    const longestMs = 30_000 + 2 * standMs;
    await group.until('the brokers have given it up', async () => !(await isMember(before)), longestMs);
    await group.until('the other has its lanes', () => partitionsOf(other).length === 4, longestMs);
    await group.until('it is back', async () => memberOf(standing) !== before && (await isMember(memberOf(standing))), longestMs);
    await group.peace({ faults: 1, readAgain: false });
    const joins = standing.status!.sources[0].consumer?.joins ?? 0;
    if (joins < 2) throw new Error(`The member that stood still has joined ${joins} times.`);
  } finally {
    await group.dispose();
  }
}

function memberOf(run: DaemonRun): string | null {
  return run.status?.sources[0].consumer?.memberId ?? null;
}
