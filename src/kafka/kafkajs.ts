import { createRequire } from 'node:module';
import type * as KafkaJs from 'kafkajs';
import type Broker from 'kafkajs/src/broker/index.js';
import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/*
 * kafkajs, loaded when the first client is made: a daemon that reads and writes no topic has some MiB more without it.
 * The rest of this program takes types of it and nothing else.
 */
const later = createRequire(import.meta.url);

export function kafkajs(): typeof KafkaJs {
  return later('kafkajs') as typeof KafkaJs;
}

/** What connects to one broker and asks it. */
export function brokerClass(): typeof Broker {
  return later('kafkajs/src/broker/index.js') as typeof Broker;
}

/** What a connection has asked and waits for. */
export function requestQueueClass(): typeof RequestQueue {
  return later('kafkajs/src/network/requestQueue/index.js') as typeof RequestQueue;
}
