/** From `position` on, a record's line in the file is its position and `offset`. */
export interface PlaceMark {
  readonly position: number;
  readonly offset: number;
  readonly path: string;
}

/** Where a record stands, for people: `trades.csv:1234`. */
export function placeAt(marks: readonly PlaceMark[], position: number): string {
  const mark = marks.findLast((one) => one.position <= position);
  return mark === undefined ? `record ${position}` : `${mark.path}:${position + mark.offset}`;
}
