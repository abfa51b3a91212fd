export interface RecordToWrite {
  /** By the hash of the key, or any, when not given. */
  readonly partition?: number;
  readonly key?: string | Uint8Array | null;
  /** Null: a tombstone. */
  readonly value: string | Uint8Array | null;
  readonly timestampMs?: number;
  readonly headers?: readonly (readonly [string, string])[];
}

export interface WrittenRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer])[];
}

export interface ProduceOptions {
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** A batch is written when it is full or when all is told. */
  readonly batchBytes?: number;
  readonly recordsPerBatch?: number;
  /** `leave-open` can be gone on with by the same id, or ended by `endTransaction`. */
  readonly transaction?: { readonly id: string; readonly end: 'commit' | 'abort' | 'leave-open' };
}

/** As a line of JSON carries it. */
export function encoded({ key, value, ...rest }: RecordToWrite): Record<string, unknown> {
  const base64 = (bytes: string | Uint8Array | null | undefined): string | null =>
    bytes === null || bytes === undefined ? null : Buffer.from(bytes as string).toString('base64');
  return {
    ...rest, key: base64(key), value: base64(value),
    ...(rest.headers === undefined ? {} : { headers: rest.headers.map(([name, text]) => [name, base64(text)]) }),
  };
}

/** What the consumer of Requests.java has read. */
export function decoded({ key, value, headers, ...rest }: ReadRecord): WrittenRecord {
  return {
    ...rest, key: bytesOf(key), value: bytesOf(value),
    headers: headers.map(([name, text]) => [name, Buffer.from(text, 'base64')] as const),
  };
}

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string])[];
}

function bytesOf(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}
