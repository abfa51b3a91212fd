const shownMax = 40;

/** A value for a message: in quotes, escaped, cut where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`);
}
