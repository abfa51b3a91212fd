interface Inflated {
  readonly memory: ArrayBuffer;
  readonly messages: number;
}

/**
 * What codecs have made of compressed record batches: of the last few, which may still be read. V8 would collect it when
 * there are some 64 MiB of it, for it weighs little in V8's own heap, where V8 looks.
 */
export class InflatedMemory {
  readonly #messagesMax: number;
  readonly #kept: Inflated[] = [];
  #messages = 0;

  /** So many messages can be looked at again once all of their batch is read. */
  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax;
  }

  /**
   * Gives `bytes` back, which so many messages are to be read from; `compressed`: what they were made of. All that was kept
   * before is read by now, and what holds none of the last messages of it is free at once.
   */
  keep(bytes: Buffer, { compressed, messages }: { readonly compressed: Buffer; readonly messages: number }): Buffer {
    while (this.#kept.length > 0 && this.#messages - this.#kept[0].messages >= this.#messagesMax) {
      const { memory, messages: gone } = this.#kept.shift()!;
      this.#messages -= gone;
      memory.transfer(0);
    }
    if (isAlone(bytes, compressed)) {
      this.#kept.push({ memory: bytes.buffer, messages });
      this.#messages += messages;
    }
    return bytes;
  }

  /** Nobody reads any more what was kept. */
  free(): void {
    for (const { memory } of this.#kept) memory.transfer(0);
    this.#kept.length = 0;
    this.#messages = 0;
  }
}

/** Whether nothing else is in the memory of these bytes: it is not the response's, nor of the pool that Node shares out. */
function isAlone(bytes: Buffer, compressed: Buffer): bytes is Buffer<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer !== compressed.buffer && buffer.byteLength !== Buffer.poolSize;
}
