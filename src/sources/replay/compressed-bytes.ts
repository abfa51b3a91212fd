import { open, type FileHandle } from 'node:fs/promises';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import { ZstdFrames } from './zstd-frames.ts';

/**
 * Compressed bytes go to the decompressor in pieces of this size, and come back in chunks of at most the
 * other.
 */
const pieceBytes = 65_536;
const chunkBytes = 262_144;

type Decoder = Gunzip | ZstdDecompress;

/**
 * A gzip or zstd file, decompressed as it is read. A stream that fails throws away what it has not handed
 * over, and a file that was cut off would lose its last records by chance. So nothing is written to the
 * decompressor before all that came out of it was taken: what can be read of a damaged file is read, and then
 * `read` throws.
 */
export class CompressedBytes implements ByteSource {
  readonly isGrowing = false;
  fileBytesRead = 0;
  readonly #file: FileHandle;
  readonly #compression: 'gzip' | 'zstd';
  readonly #frames = new ZstdFrames();
  readonly #buffer = Buffer.allocUnsafe(pieceBytes);
  /** Read from the file and not yet given to a decoder. */
  #piece: Buffer = this.#buffer.subarray(0, 0);
  /** Decompressed and not yet handed over. */
  #chunk: Buffer = this.#buffer.subarray(0, 0);
  #decoder: Decoder;
  /**
   * `open`: the decoder takes bytes. `full`: it has the last bytes of its frame. `writing`: it is at work.
   * `ending`: it was told that there is no more. `ended`: all that was in it came out.
   */
  #state: 'open' | 'full' | 'writing' | 'ending' | 'ended' = 'open';
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(file: FileHandle, compression: 'gzip' | 'zstd') {
    this.#file = file;
    this.#compression = compression;
    this.#decoder = this.#createDecoder();
  }

  static async open(path: string, compression: 'gzip' | 'zstd'): Promise<CompressedBytes> {
    return new CompressedBytes(await open(path, 'r'), compression);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    if (this.#chunk.length === 0) this.#chunk = (await this.#nextChunk()) ?? this.#chunk;
    const bytes = this.#chunk.copy(target, offset);
    this.#chunk = this.#chunk.subarray(bytes);
    return bytes;
  }

  async close(): Promise<void> {
    this.#decoder.destroy();
    await this.#file.close();
  }

  async #nextChunk(): Promise<Buffer | null> {
    for (;;) {
      const chunk: unknown = this.#decoder.read();
      if (chunk instanceof Buffer) return chunk;
      if (this.#failure !== null) throw this.#failure;
      if (this.#state === 'open') await this.#feed();
      else if (this.#state === 'full') this.#end();
      else if (this.#state !== 'ended') await this.#woken();
      else if (!(await this.#hasNextFrame())) return null;
    }
  }

  /** Everything that came out of the decoder was taken: gives it more. */
  async #feed(): Promise<void> {
    if (this.#piece.length === 0) await this.#readPiece();
    if (this.#piece.length === 0) return this.#end(); // In the middle of a frame the decoder says so.
    const { bytes, endsFrame } = this.#compression === 'zstd'
      ? this.#frames.take(this.#piece)
      : { bytes: this.#piece.length, endsFrame: false }; // Node reads all members of a gzip file by itself.
    this.#state = 'writing';
    this.#decoder.write(this.#piece.subarray(0, bytes), () => {
      this.#state = endsFrame ? 'full' : 'open';
      this.#wake();
    });
    this.#piece = this.#piece.subarray(bytes);
  }

  #end(): void {
    this.#state = 'ending';
    this.#decoder.end();
  }

  async #hasNextFrame(): Promise<boolean> {
    if (this.#compression === 'zstd' && this.#piece.length === 0) await this.#readPiece();
    if (this.#piece.length === 0) return false;
    this.#decoder = this.#createDecoder();
    this.#state = 'open';
    return true;
  }

  async #readPiece(): Promise<void> {
    const { bytesRead } = await this.#file.read(this.#buffer, 0, pieceBytes, null);
    this.fileBytesRead += bytesRead;
    this.#piece = this.#buffer.subarray(0, bytesRead);
  }

  #createDecoder(): Decoder {
    const options = { chunkSize: chunkBytes };
    const decoder = this.#compression === 'zstd' ? createZstdDecompress(options) : createGunzip(options);
    decoder.on('readable', () => this.#wake());
    decoder.on('end', () => {
      this.#state = 'ended';
      this.#wake();
    });
    decoder.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
    return decoder;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
