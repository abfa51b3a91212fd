/** Fetch requests as kafkajs writes them, of version 11 and one topic. Format: https://kafka.apache.org/protocol#The_Messages_Fetch */

/** Where each partition is asked for. */
export type Ask = Readonly<Record<number, number>>;

const topic = 'ticks';
const clientId = 'test';
const headBytes = 4 + 2 + 2 + 4 + 2 + clientId.length;
const bodyBytes = 4 + 4 + 4 + 4 + 1 + 4 + 4; // Replica, wait, least, most, isolation, session and epoch.
const firstPartitionAt = headBytes + bodyBytes + 4 + 2 + topic.length + 4;
const partitionBytes = 4 + 4 + 8 + 8 + 4;

export function ask(what: Ask): Buffer {
  const partitions = Object.entries(what);
  const request = Buffer.alloc(firstPartitionAt + partitions.length * partitionBytes + 4 + 2);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(1, 4);
  request.writeInt16BE(11, 6);
  request.writeInt16BE(clientId.length, 12);
  request.write(clientId, 14);
  request.writeInt32BE(-1, headBytes);
  request.writeInt32BE(1, headBytes + bodyBytes);
  request.writeInt16BE(topic.length, headBytes + bodyBytes + 4);
  request.write(topic, headBytes + bodyBytes + 6);
  request.writeInt32BE(partitions.length, firstPartitionAt - 4);
  for (const [index, [partition, offset]] of partitions.entries()) {
    const at = firstPartitionAt + index * partitionBytes;
    request.writeInt32BE(Number(partition), at);
    request.writeInt32BE(-1, at + 4);
    request.writeBigInt64BE(BigInt(offset), at + 8);
    request.writeBigInt64BE(-1n, at + 16);
    request.writeInt32BE(1_048_576, at + 24);
  }
  return request;
}

export function withId(request: Buffer, id: number): Buffer {
  request.writeInt32BE(id, 8);
  return request;
}

export function idOf(request: Buffer): number {
  return request.readInt32BE(8);
}

/** By partition, the offset that is asked for. */
export function offsetsOf(request: Buffer): ReadonlyMap<number, number> {
  const partitions = request.readInt32BE(firstPartitionAt - 4);
  return new Map(Array.from({ length: partitions }, (_, index) => {
    const at = firstPartitionAt + index * partitionBytes;
    return [request.readInt32BE(at), Number(request.readBigInt64BE(at + 8))];
  }));
}
