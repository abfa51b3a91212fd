/** A number of a JSON text as it was written. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Members = ReadonlyMap<string, unknown>;

/** What JSON.parse says that a text is: its objects, one or an array of them, by member; null for anything else. */
export function jsonObjects(text: string): readonly Members[] | null {
  const source = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? new NumberText(context!.source!) : value;
  try {
    const parsed: unknown = JSON.parse(text, source);
    const objects = (Array.isArray(parsed) ? parsed : [parsed]).map(membersOf);
    return objects.every((members) => members !== null) ? objects : null;
  } catch {
    return null;
  }
}

function membersOf(value: unknown): Members | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !(value instanceof NumberText) ? new Map(Object.entries(value)) : null;
}

/** The value behind keys, each in the object of the one before. */
export function textAt(members: Members, [key, ...inner]: readonly string[]): string | undefined {
  const value = members.get(key);
  if (inner.length === 0) return textOf(value);
  const below = membersOf(value);
  return below === null ? undefined : textAt(below, inner);
}

/** Undefined for null, which is as good as absent; what is no text and no number is no value of any field. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  return value instanceof NumberText ? value.text : '\u0000';
}
