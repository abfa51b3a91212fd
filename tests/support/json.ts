/** What a test expects of a text that must be JSON. */
export function parseJson<T>(text: string): T {
  const value: T = JSON.parse(text);
  return value;
}

export async function jsonOf<T>(response: Response): Promise<T> {
  return parseJson<T>(await response.text());
}
