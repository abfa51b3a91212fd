/** What stands in a log line where a secret stood. */
export const masked = '***';

/** A shorter secret would also mask ordinary words; it is masked only where its place gives it away. */
const secretLengthMin = 4;
/** A longer one is no part of an ordinary word: it is masked there too. */
const wordLengthMax = 12;

// Everything is bounded: what a feed sends stands in log lines, and no line may take the loop for long.
const secretName = String.raw`[\w-]{0,32}(?:password|passwd|secret|token|api[-_]?key|authorization)[\w-]{0,32}`;
/** Positions in JSON: where no escape is under way; where, besides, no word is. */
const outsideEscape = String.raw`(?<=(?<!\\)(?:\\\\)*)`;
const afterWord = String.raw`(?<=^|[^A-Za-z0-9\\]|(?<!\\)(?:\\\\)+|(?<!\\)(?:\\\\)*\\(?:[a-z]|u[0-9a-f]{4}))`;
/** Everything that may stand inside a JSON string, escapes included, up to a blank. */
const jsonWord = String.raw`(?:\\.|[^\s"\\])`;

const places: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // postgres://user:password@host
  [new RegExp(`(://[^\\s:@/"\\\\]{0,64}):${jsonWord}{1,256}@`, 'g'), `$1:${masked}@`],
  // "password":"…"
  [new RegExp(`(${secretName})":"(?:\\\\.|[^"\\\\])*"`, 'gi'), `$1":"${masked}"`],
  // Authorization: Bearer …
  [new RegExp(`\\b(bearer) +${jsonWord}+`, 'gi'), `$1 ${masked}`],
  [/\b(basic) +[\w+/=]{8,}/gi, `$1 ${masked}`],
  // password=… as in connection strings and queries
  [new RegExp(`(${secretName})=(?:'(?:\\\\.|[^'"\\\\])*'|[^\\s"&\\\\]+)`, 'gi'), `$1=${masked}`],
];

/**
 * Masks secrets in a finished log line, wherever in an object, a message or a stack they stand: the given values
 * themselves, and whatever stands where secrets stand (a URL's password, a field called password).
 */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const forms = new Set(secrets.flatMap(formsOf).filter((form) => form.length >= secretLengthMin));
  const known = forms.size === 0 ? null : patternOf([...forms]);
  return (line) => {
    const withoutKnown = known === null ? line : line.replace(known, masked);
    return places.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), withoutKnown);
  };
}

/**
 * Forms of a secret, the short ones as words of their own, and none from the middle of an escape on: it stays JSON.
 */
function patternOf(forms: readonly string[]): RegExp {
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  const anyOf = (chosen: readonly string[]): string => `(?:${chosen.map(escapeForPattern).join('|')})`;
  const long = longestFirst.filter((form) => form.length >= wordLengthMax);
  const short = longestFirst.filter((form) => form.length < wordLengthMax);
  return new RegExp([
    ...(long.length === 0 ? [] : [`${outsideEscape}${anyOf(long)}`]),
    ...(short.length === 0 ? [] : [`${afterWord}${anyOf(short)}(?![A-Za-z0-9])`]),
  ].join('|'), 'g');
}

/** A secret as it may stand in JSON: as it is and as in a URL; of a URL, its password too. */
function formsOf(secret: string): string[] {
  const password = URL.parse(secret)?.password ?? '';
  return [secret, password, decoded(password)]
    .flatMap((plain) => [plain, encoded(plain)])
    .map((form) => JSON.stringify(form).slice(1, -1));
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
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
