/** Whatever the JSON holds: the test that reads it says what it expects by the type it gives it. */
type Json = ReturnType<typeof JSON.parse>;

export async function jsonOf(response: Response): Promise<Json> {
  return JSON.parse(await response.text());
}
