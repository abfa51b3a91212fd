import { describe, expect, it } from 'vitest';
import { Repeats } from '../../src/telemetry/repeats.ts';

function told(): { readonly repeats: Repeats; readonly lines: string[]; readonly happen: (kind: string, example: string) => void } {
  const repeats = new Repeats();
  const lines: string[] = [];
  return {
    repeats, lines,
    happen: (kind, example) => repeats.happened(kind,
      () => lines.push(`${kind}: ${example}`), (count) => lines.push(`${kind}: ${count} more, last ${example}`)),
  };
}

describe('repeated happenings', () => {
  it('are told once in full, then counted and summed up with the newest example', () => {
    const { repeats, lines, happen } = told();
    for (const line of [1, 2, 3, 4]) happen('bad-price', `line ${line}`);
    expect(lines).toEqual(['bad-price: line 1']);
    repeats.flush();
    expect(lines).toEqual(['bad-price: line 1', 'bad-price: 3 more, last line 4']);
  });

  it('of different kinds are told apart', () => {
    const { repeats, lines, happen } = told();
    for (const kind of ['a', 'b', 'a']) happen(kind, 'x');
    repeats.flush();
    expect(lines).toEqual(['a: x', 'b: x', 'a: 1 more, last x']);
  });

  it('are told in full again after a quiet while', () => {
    const { repeats, lines, happen } = told();
    happen('a', '1');
    repeats.flush();
    repeats.flush();
    happen('a', '2');
    expect(lines).toEqual(['a: 1', 'a: 2']);
  });

  it('go on being counted while they go on', () => {
    const { repeats, lines, happen } = told();
    for (let round = 1; round <= 3; round++) {
      happen('a', `${round}`);
      happen('a', `${round}`);
      repeats.flush();
    }
    expect(lines).toEqual(['a: 1', 'a: 1 more, last 1', 'a: 2 more, last 2', 'a: 2 more, last 3']);
  });

  it('of endlessly many kinds take no memory, and none is silent', () => {
    const { repeats, lines, happen } = told();
    for (let kind = 0; kind < 3_000; kind++) happen(`${kind}`, 'x');
    happen('0', 'y');
    repeats.flush();
    expect(lines).toHaveLength(3_001);
    expect(lines.at(-1)).toBe('0: 1 more, last y');
  });
});
