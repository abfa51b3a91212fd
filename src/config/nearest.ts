/** The known name that a typo most likely meant, or null when none is close. */
export function nearest(name: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  // A third of the letters may be wrong; with more, a guess confuses.
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = keyDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** A key that stands in the wrong section is one step away from its place. */
function keyDistance(name: string, candidate: string): number {
  const whole = editDistance(name, candidate);
  const [last, candidateLast] = [name.split('.').at(-1), candidate.split('.').at(-1)];
  return last === candidateLast ? Math.min(whole, 1.5) : whole;
}

const comparedLengthMax = 200; // The cost is the product of both lengths: 40,000 steps.

/** Levenshtein's distance: how many letters to insert, remove or replace. */
export function editDistance(a: string, b: string): number {
  if (Math.max(a.length, b.length) > comparedLengthMax) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
