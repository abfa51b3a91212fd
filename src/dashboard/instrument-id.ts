interface Named {
  readonly venue: string;
  readonly symbol: string;
}

/** Names an instrument in maps and lists; neither part can hold a line feed. */
export const instrumentId = ({ venue, symbol }: Named): string => `${venue}\n${symbol}`;
