import { WebSocket } from 'ws';

/** Close codes that the protocol has for what a client did wrong, in words. */
const faults: ReadonlyMap<number, string> = new Map([
  [1002, 'What came is no WebSocket frame that a client may send.'],
  [1007, 'A message must be text in UTF-8.'],
  [1009, 'A message has 65,536 bytes at most. Subscribe in several.'],
]);

/** A socket that says why before it closes itself for what came: the library does so without a word. */
export class StreamSocket extends WebSocket {
  /** Told of such a fault while a message can still be sent. */
  onFault: ((words: string) => void) | null = null;

  override close(code?: number, reason?: string | Buffer): void {
    const words = code === undefined ? undefined : faults.get(code);
    if (words !== undefined && this.readyState === WebSocket.OPEN) this.onFault?.(words);
    super.close(code, reason);
  }
}
