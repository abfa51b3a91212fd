import type Broker from 'kafkajs/src/broker/index.js';
import { brokerClass, kafkajs } from './kafkajs.ts';

/**
 * kafkajs 2.2.4 asks the first broker that it connects to for its versions. When a broker takes the connection and never
 * answers (it is frozen, or its host is), that connection counts as made all the same: `connect` resolves, every call after
 * it says "Broker not connected", and no other address is tried, for ever. As a connection that has failed it is closed,
 * and the next address has its turn. May be called again.
 */
export function leaveMuteBrokers(): void {
  const { KafkaJSConnectionError, KafkaJSRequestTimeoutError } = kafkajs();
  const { prototype } = brokerClass();
  const ask = prototype.apiVersions;
  if (ask.name === askOrLeave.name) return;
  prototype.apiVersions = askOrLeave;

  async function askOrLeave(this: Broker): Promise<unknown> {
    try {
      return await ask.call(this);
    } catch (error) {
      if (!(error instanceof KafkaJSRequestTimeoutError)) throw error;
      throw new KafkaJSConnectionError(`No answer from a broker: ${error.message}`, { broker: error.broker });
    }
  }
}
