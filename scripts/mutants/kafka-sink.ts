import type { Mutant } from './list.ts';

const sink = { test: 'tests/sinks/kafka.test.ts' };
const published = { test: 'tests/acceptance/kafka/published.test.ts' };
const removed = { test: 'tests/acceptance/kafka/removed-rows.test.ts' };
const writer = { ...sink, file: 'src/kafka/ordered-writer.ts' };
const messages = { file: 'src/sinks/kafka/row-messages.ts' };

/** Faults of rows that go to topics of Kafka. All need a real broker to be seen. */
export const kafkaSinkMutants: readonly Mutant[] = [
  {
    ...messages, ...published, name: 'a stamp taken from the wrong column',
    find: 'generation: lane.generation, position: bars.position[row], state: bars.state[row],',
    replace: 'generation: lane.generation, position: bars.revision[row], state: bars.state[row],',
    shows: 'are the table of the database to whoever reads as the manual says',
  },
  {
    ...messages, ...sink, name: 'bars whose key is their venue',
    find: 'bars.notional[row]];\n    yield { key: symbol,',
    replace: 'bars.notional[row]];\n    yield { key: instruments.venue(bars.instrument[row]),',
    shows: 'writes every field of a row under its symbol',
  },
  {
    ...published, name: 'a checkpoint that passes rows which are not in their topic', file: 'src/sinks/broker-answer.ts',
    find: "throw new SinkError({ kind: told.code === 'kafka-unreachable' ? 'unknown' : 'misconfigured' }, told.message, error);",
    replace: 'return told as T;',
    shows: 'hold the checkpoint back while their topic is away',
  },
  {
    ...writer, name: 'the number of a batch that was given up given to the next',
    find: 'if (own.before.parts?.every((part) => part.isSafe) === false) void this.close();', replace: '',
    shows: 'loses nothing of the batch that comes in the place of one that was given up',
  },
  {
    ...sink, name: 'one producer for all workers', file: 'src/sinks/kafka.ts',
    find: 'this.#writers[rows.shard].get(topic)!', replace: 'this.#writers[0].get(topic)!',
    shows: 'loses nothing of another worker while one has no answer',
  },
  {
    ...writer, name: 'a batch begun anew when it is asked for again',
    find: 'if (this.#last?.batch !== batch) this.#last =', replace: 'this.#last =',
    shows: 'goes on with what is under way when it is asked again behind its deadline',
  },
  {
    ...sink, name: 'brokers asked while their breaker is open', file: 'src/sinks/circuit-breaker.ts',
    find: '    if (dueInMs > 0) return dueInMs;\n', replace: '    void dueInMs;\n',
    shows: 'leaves brokers alone between the probes of its breaker',
  },
  {
    name: 'one breaker for all sinks', file: 'src/sinks/run-sink-pool.ts', test: 'tests/sinks/run-sink-pool.test.ts',
    find: 'breaker: sink.breaker ?? breaker,', replace: 'breaker,',
    shows: 'leaves each alone by its own breaker',
  },
  {
    ...removed, name: 'rows removed and nobody told', file: 'src/store/rebuild.ts',
    find: '      if (lane.announce !== null) await', replace: '      if (lane.announce === undefined) await',
    shows: 'are gone for readers of their topics too',
  },
  {
    file: 'src/store/rebuild.ts', test: 'tests/store/rebuild.test.ts', name: 'rows removed although nobody could be told',
    find: '    await announce({ lane, generation, position, rows });',
    replace: '    await announce({ lane, generation, position, rows }).catch(() => {});',
    shows: 'are told of before they go, each once, and stay where that fails',
  },
  {
    ...messages, ...removed, name: 'a removal without the line of its indicator',
    find: '...(indicator === null ? {} : { indicator }), ', replace: '', shows: 'are gone for readers of their topics too',
  },
  {
    file: 'src/commands/broker-calls.ts', test: 'tests/commands/broker-calls.test.ts', name: 'a command without a breaker',
    find: '    this.#breaker.failed(clock.nowMs());', replace: '    this.#breaker.succeeded();',
    shows: 'leave brokers alone after so many failures in a row',
  },
  {
    file: 'src/commands/broker-calls.ts', test: 'tests/commands/broker-calls.test.ts', name: 'no last try behind an open breaker',
    find: 'nowMs < untilMs && !signal.aborted; nowMs', replace: '!signal.aborted; nowMs',
    shows: 'are made a last time when they have waited for long enough',
  },
];
