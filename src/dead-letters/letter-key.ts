import { MdpError } from '../errors.ts';
import type { LetterKey, LetterOrigin } from '../model/dead-letter.ts';

/** The key as one word: `market-data/history@1:4711.tick.0` is lane, generation, position, origin and counter. */
export function keyText({ lane, generation, position, origin, counter }: LetterKey): string {
  return `${lane}@${generation}:${position}.${origin}.${counter}`;
}

/** Reads what `keyText` wrote. Throws an MdpError `usage`. */
export function parseKey(text: string): LetterKey {
  const match = /^(.+)@(\d{1,15}):(-?\d{1,15})\.(tick|row)\.(\d{1,10})$/s.exec(text);
  if (match === null) {
    throw new MdpError('usage', `"${text}" is not the key of a dead letter. A key is like ` +
      'market-data/history@1:4711.tick.0; `mdp dead-letters list` shows them.');
  }
  const [, lane, generation, position, origin, counter] = match;
  return {
    lane, generation: Number(generation), position: Number(position), origin: origin as LetterOrigin,
    counter: Number(counter),
  };
}
