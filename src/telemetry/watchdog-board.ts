/*
 * The memory that the event loop and its watchdog share: some words, then the last numbers as text. The loop writes beat,
 * stop and text, the watchdog the rest. The text is whole whenever the loop stands still, for it is written in one go.
 */

export const boardWords = {
  beat: 0, // Counted up by the loop.
  stop: 1, // 1: the watchdog ends.
  longestTicks: 2, // Longest time without a beat since somebody last took it, in ticks of the watchdog.
  stalledTicks: 3, // Ticks in all stalls so far.
  textLength: 4, // Bytes.
} as const;

const wordCount = Object.keys(boardWords).length;
/** 32 lanes at 300 bytes are 10 KiB; a text that is longer is left out, and the one before stays. */
const textBytesMax = 32_768;

export class WatchdogBoard {
  /** The byte that the text begins at. */
  static readonly textFrom = wordCount * 4;
  readonly memory = new SharedArrayBuffer(WatchdogBoard.textFrom + textBytesMax);
  readonly #words = new Int32Array(this.memory, 0, wordCount);
  readonly #text = Buffer.from(this.memory, WatchdogBoard.textFrom);

  /** The numbers of now. */
  note(text: string): void {
    if (Buffer.byteLength(text) > textBytesMax) return;
    Atomics.store(this.#words, boardWords.textLength, this.#text.write(text));
  }

  /** The loop turns. */
  beat(): void {
    Atomics.add(this.#words, boardWords.beat, 1); // The watchdog looks by itself: to wake it costs more than the beat.
  }

  stop(): void {
    Atomics.store(this.#words, boardWords.stop, 1);
    Atomics.notify(this.#words, boardWords.stop);
  }

  /** The longest time without a beat since the last call, in ticks of the watchdog. */
  takeLongestTicks(): number {
    return Atomics.exchange(this.#words, boardWords.longestTicks, 0);
  }

  get stalledTicks(): number {
    return Atomics.load(this.#words, boardWords.stalledTicks);
  }
}
