import type { Kafka } from 'kafkajs';

/** What is used of what kafkajs's own clients are made of: connections to all brokers, for calls that its admin has not. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(request: { readonly groupId: string }): Promise<Coordinator>;
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> };
}

export interface Coordinator {
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{ readonly groups: readonly Group[] }>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

interface Group {
  readonly state: string;
  readonly members: readonly { readonly memberId: string }[];
}

export interface Broker {
  /** By API key. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>>;
  readonly connectionPool: { send<T>(call: BrokerCall<T>): Promise<T> };
}

/** The bytes of the answer begin behind its correlation id. */
interface BrokerCall<T> {
  readonly request: object;
  readonly response: { decode(bytes: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
}

/** By the same settings as the client's own connections. Connects to nothing yet. */
export function clusterOf(kafka: Kafka): Cluster {
  const symbols = Object.getOwnPropertySymbols(kafka);
  const symbol = symbols.find(({ description }) => description === 'private:Kafka:createCluster');
  if (symbol === undefined) throw new Error('This version of kafkajs makes its clients in another way.');
  const { [symbol]: create } = kafka as unknown as Record<symbol, (options: object) => Cluster>;
  return create({ allowAutoTopicCreation: false });
}
