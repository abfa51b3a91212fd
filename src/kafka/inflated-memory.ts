/**
 * What codecs have made of compressed record batches: of the last few, which may still be read. V8 would collect it when
 * there are some 64 MiB of it, for it weighs little in V8's own heap, where V8 looks.
 */
export class InflatedMemory {
  readonly #batchesMax: number;
  readonly #kept: ArrayBuffer[] = [];

  /** So many batches can be read at a time; the memory of those before them is free at once. */
  constructor(batchesMax: number) {
    this.#batchesMax = batchesMax;
  }

  /** Gives `bytes` back. `compressed`: what they were made of. */
  keep(bytes: Buffer, compressed: Buffer): Buffer {
    if (this.#kept.length === this.#batchesMax) this.#kept.shift()!.transfer(0);
    if (isAlone(bytes, compressed)) this.#kept.push(bytes.buffer);
    return bytes;
  }

  /** Nobody reads any more what was kept. */
  free(): void {
    for (const memory of this.#kept) memory.transfer(0);
    this.#kept.length = 0;
  }
}

/** Whether nothing else is in the memory of these bytes: it is not the response's, nor of the pool that Node shares out. */
function isAlone(bytes: Buffer, compressed: Buffer): bytes is Buffer<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer !== compressed.buffer && buffer.byteLength !== Buffer.poolSize;
}
