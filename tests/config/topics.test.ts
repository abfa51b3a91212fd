import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config.ts';
import { kafkaBreaker } from '../../src/commands/kafka-sink.ts';
import { faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();
const source = '{ name: ticks, type: kafka, topics: [trades, quotes], dead_letter_topic: poison }';

function configOf(name: string, kafkaSink: string, rest = 'kafka: { brokers: ["127.0.0.1:9092"] }'): string {
  return file(`${name}.yaml`, `name: desk\nindicators: { specs: ["rsi(14)@1m"] }\nsources: [${source}]\nsink: { kafka: ${kafkaSink} }\n${rest}\n`);
}

describe('topics that rows go to', () => {
  it('are named by mdp check, with those of dead letters', () => {
    const loaded = load({ file: configOf('named', '{ bars_topic: bars, indicator_topics: [rsi=rsi-data] }') });
    expect(describeConfig(loaded)).toMatch(/# topics\s+bars to bars, values of rsi to rsi-data, dead letters of ticks to poison/);
    expect(describeConfig(load())).not.toMatch(/# topics /);
  });

  it.each(['trades', 'quotes', 'poison'])('are none that a source uses: %s', (topic) => {
    expect(faultsOf({ file: configOf(`loop-${topic}`, `{ bars_topic: ${topic} }`) })).toEqual([
      expect.stringMatching(new RegExp(`sink\\.kafka\\.bars_topic.*"${topic}".*source "ticks" uses this topic, and bars are no ticks`)),
    ]);
    expect(faultsOf({ file: configOf(`loop-rsi-${topic}`, `{ indicator_topics: [rsi=${topic}] }`) })).toEqual([
      expect.stringMatching(/sink\.kafka\.indicator_topics.*values of rsi are no ticks/),
    ]);
  });

  it('want brokers', () => {
    const alone = (topic: string): string => file('nobody.yaml', `sink: { kafka: { bars_topic: ${topic} } }`);
    expect(faultsOf({ file: alone('bars') })).toEqual([
      expect.stringMatching(/sink\.kafka\.bars_topic.*kafka\.brokers \(KAFKA_BROKERS\) is empty/),
    ]);
    expect(faultsOf({ file: alone('""') })).toEqual([]);
  });

  it.each(['rsi', 'rsi=', '=rsi-data', 'rsi=a b'])('of indicators are written like rsi=rsi-data, not %s', (entry) => {
    expect(faultsOf({ file: configOf('odd', `{ indicator_topics: ["${entry}"] }`) })).toEqual([
      expect.stringMatching(/sink\.kafka\.indicator_topics.*not like rsi=rsi-data/),
    ]);
  });

  it('are of indicators that are computed', () => {
    expect(faultsOf({ file: configOf('idle', '{ indicator_topics: [rsi=a, ema=b] }') })).toEqual([
      expect.stringMatching(/sink\.kafka\.indicator_topics is "ema".*indicators\.specs has none of that name/),
    ]);
  });

  it('of one indicator are one', () => {
    expect(faultsOf({ file: configOf('twice', '{ indicator_topics: [rsi=a, rsi=b] }') })).toEqual([
      expect.stringMatching(/rsi has a topic already/),
    ]);
  });
});

describe('the circuit breaker of producers', () => {
  const breakerOf = (environment: Record<string, string>): unknown => kafkaBreaker(load({ environment }).config);

  it('opens as KAFKA_CIRCUIT_BREAKER_THRESHOLD and KAFKA_CIRCUIT_BREAKER_RESET_TIMEOUT say', () => {
    expect(breakerOf({})).toEqual({ failures: 5, reset_ms: 30_000, drain_reset_ms: 1_000 });
    expect(breakerOf({ KAFKA_CIRCUIT_BREAKER_THRESHOLD: '7', KAFKA_CIRCUIT_BREAKER_RESET_TIMEOUT: '1234' }))
      .toEqual({ failures: 7, reset_ms: 1_234, drain_reset_ms: 1_000 });
  });

  it('never opens where KAFKA_ENABLE_CIRCUIT_BREAKER is false', () => {
    expect(breakerOf({ KAFKA_ENABLE_CIRCUIT_BREAKER: 'false' })).toMatchObject({ failures: Infinity });
  });
});
