/** What stands in a log line where a secret stood. */
export const masked = '***';

/** A shorter secret would also mask ordinary words; it is masked only where its place gives it away. */
const secretLengthMin = 4;

const secretName = String.raw`[\w-]*(?:password|passwd|secret|token|api[-_]?key|authorization)[\w-]*`;
/** Everything that may stand inside a JSON string, escapes included, up to a blank. */
const jsonWord = String.raw`(?:\\.|[^\s"\\])`;

const places: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // postgres://user:password@host
  [new RegExp(`(://[^\\s:@/"\\\\]*):${jsonWord}+@`, 'g'), `$1:${masked}@`],
  // "password":"…"
  [new RegExp(`"(${secretName})":"(?:\\\\.|[^"\\\\])*"`, 'gi'), `"$1":"${masked}"`],
  // Bearer …
  [new RegExp(`\\b(bearer|basic) +${jsonWord}+`, 'gi'), `$1 ${masked}`],
  // password=… as in connection strings and queries
  [new RegExp(`\\b(${secretName})=(?:'[^']*'|[^\\s"&\\\\]+)`, 'gi'), `$1=${masked}`],
];

/**
 * Masks secrets in a finished log line, wherever in an object, a message or a stack they stand: the given values
 * themselves, and whatever stands where secrets stand (a URL's password, a field called password).
 */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= secretLengthMin));
  const longestFirst = [...forms].sort((a, b) => b.length - a.length).map(escapeForPattern);
  const known = longestFirst.length === 0 ? null : new RegExp(`(?<![A-Za-z0-9])(?:${longestFirst.join('|')})(?![A-Za-z0-9])`, 'g');
  return (line) => {
    const withoutKnown = known === null ? line : line.replace(known, masked);
    return places.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), withoutKnown);
  };
}

/** A secret as it may be written: plain, in a URL, in JSON; of a URL, its password too. */
function formsOf(secret: string): string[] {
  const password = URL.parse(secret)?.password ?? '';
  return [secret, password, decoded(password)].flatMap((plain) => [
    plain, encodeURIComponent(plain), JSON.stringify(plain).slice(1, -1),
  ]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A lone % is allowed in a URL's password, and means itself.
  }
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
