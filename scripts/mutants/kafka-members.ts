import type { Mutant } from './list.ts';

const identity = { file: 'src/commands/process-identity.ts', test: 'tests/commands/process-identity.test.ts' };
const dead = { test: 'tests/acceptance/kafka/dead-member.test.ts' };
const compacted = { file: 'src/sources/kafka/topic-policy.ts', test: 'tests/acceptance/kafka/compacted-topic.test.ts' };
const codec = { test: 'tests/acceptance/kafka/unknown-codec.test.ts' };

/** Faults of who is taken for dead, and of logs that must not be read on. */
export const kafkaMemberMutants: readonly Mutant[] = [
  {
    ...identity, name: 'a process id that came around again taken for the process before',
    find: 'found.startedAt === startedAt && ',
    replace: '',
    shows: 'is gone when its id is that of another one now',
  },
  {
    ...identity, name: 'a process of another machine looked for on this one',
    find: 'if (other.place !== null && other.place === own.place) return !isAlive(other);',
    replace: 'if (!isAlive(other)) return true;',
    shows: 'of another place is never gone, whatever its id means here',
  },
  {
    ...identity, name: 'two processes without a name taken for one',
    find: 'return other.instance !== null && other.instance === own.instance;',
    replace: 'return other.instance === own.instance;',
    shows: 'of another place is gone when its name is ours, and not when both have none',
  },
  {
    ...dead, file: 'src/commands/group-members.ts', name: 'a living member taken out of its group',
    find: 'member.group === group && isGone(member.process, own)',
    replace: 'member.group === group',
    shows: 'is taken out beside one that lives, which stays who it is',
  },
  {
    ...dead, file: 'src/sources/kafka/membership.ts', name: 'a member that nobody has noted',
    find: '    for (const { name } of lanes) this.#waiting.add(name);\n',
    replace: '    void lanes;\n',
    shows: 'is taken out of its group by the one after it, which reads on long before its session would have timed out',
  },
  {
    ...compacted, name: 'a topic that is compacted as well',
    find: "!policy.split(',').some((part) => part.trim() === 'compact')",
    replace: "policy !== 'compact'",
    shows: 'is not read, and the other topic of its source is: compact,delete',
  },
  {
    ...codec, file: 'src/kafka/record-set.ts', name: 'a codec that nobody knows left to kafkajs',
    find: 'return (attributes & ~flagsKnown) === 0\n',
    replace: 'return (attributes & ~flagsKnown) === 0 && (attributes & batchFlags.codec) <= 4\n',
    shows: 'stops its partition where it stands, says so, and the others go on: codec 6',
  },
  {
    ...codec, file: 'src/sources/kafka/read-fetched.ts', name: 'what stands ahead of a batch that cannot be read, thrown away with it',
    find: 'const before = error instanceof MdpError ? this.#ticks.take(false) : null;',
    replace: 'const before = null;',
    shows: 'stops its partition where it stands, says so, and the others go on: codec 6',
  },
  {
    file: 'src/sources/program-faults.ts', test: 'tests/sources/run-source.test.ts',
    name: 'a fault of the program retried for ever',
    find: 'if (this.#metAtMs.length < timesMax) return null;',
    replace: 'if (this.#metAtMs.length > 0) return null;',
    shows: 'gives up on a fault of the program that comes again and again, though ticks come between',
  },
];
