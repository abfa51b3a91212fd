/** What the front must know of a query before the server sees it. */
export interface QueryTraits {
  /** Set for `COPY … FROM STDIN`: the server would wait for data within the call that runs the query. */
  readonly copyIn: { readonly binary: boolean } | null;
  /** It may change settings of the session. */
  readonly changesSettings: boolean;
  /** Why the shared session cannot run it, or null. */
  readonly refusal: string | null;
}

const harmless: QueryTraits = { copyIn: null, changesSettings: false, refusal: null };

/** Looks at a query's statements without parsing them: strings, quoted names and comments are skipped. */
export function traitsOf(sql: string): QueryTraits {
  if (!/stdin|set|discard/i.test(sql)) return harmless;
  const statements = wordsOf(sql);
  const copyIn = statements.find((words) => words[0] === 'copy' && followsFrom(words, 'stdin'));
  return {
    copyIn: copyIn === undefined ? null : { binary: copyIn.includes('binary') },
    changesSettings: statements.some((words) => /^(re)?set$/.test(words[0]) || words.includes('set_config')),
    refusal: refusalOf(statements, copyIn !== undefined, sql),
  };
}

function refusalOf(statements: readonly (readonly string[])[], copiesIn: boolean, sql: string): string | null {
  if (copiesIn && statements.length > 1) {
    return 'the embedded database takes COPY FROM STDIN as the only statement of a query; send the others before it';
  }
  if (statements.some((words) => words[0] === 'discard')) {
    return 'the embedded database has one session for all clients and refuses DISCARD, which would take theirs away';
  }
  const encodes = statements.some(
    (words) => words[0] === 'set' && words.slice(0, 3).some((word) => /^(client_encoding|names)$/.test(word)));
  // Another encoding would load a conversion that this build does not have, and end the process.
  if (encodes && !/utf-?8|default/i.test(sql)) return 'the embedded database speaks UTF8 only; leave client_encoding';
  return null;
}

function followsFrom(words: readonly string[], target: string): boolean {
  return words.some((word, index) => word === 'from' && words[index + 1] === target);
}

const dollarQuote = /\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$/y;
const word = /[A-Za-z_\x80-\xff][\w$\x80-\xff]*/y;

/** The bare words of each statement, in lower case. Statements without any are left out. */
function wordsOf(sql: string): string[][] {
  const statements: string[][] = [[]];
  let at = 0;
  while (at < sql.length) {
    const char = sql[at];
    const bare = matchAt(word, sql, at);
    if (bare !== null) {
      at += bare.length;
      const escapes = /^e$/i.test(bare) && sql[at] === "'";
      if (escapes) at = endOfString(sql, at, true);
      else statements.at(-1)!.push(bare.toLowerCase());
    } else if (char === ';') {
      statements.push([]);
      at += 1;
    } else {
      at = endOfOther(sql, at);
    }
  }
  return statements.filter((words) => words.length > 0);
}

/** Skips one string, quoted name, dollar quote, comment or other character. */
function endOfOther(sql: string, at: number): number {
  const char = sql[at];
  if (char === "'") return endOfString(sql, at, false);
  if (char === '"') return endAfter(sql, '"', at + 1);
  if (sql.startsWith('--', at)) return endAfter(sql, '\n', at);
  if (sql.startsWith('/*', at)) return endOfComment(sql, at);
  const quote = char === '$' ? matchAt(dollarQuote, sql, at) : null;
  return quote === null ? at + 1 : endAfter(sql, quote, at + quote.length);
}

function endOfString(sql: string, at: number, escapes: boolean): number {
  let end = at + 1;
  while (end < sql.length && (sql[end] !== "'" || sql[end + 1] === "'")) {
    end += sql[end] === "'" || (escapes && sql[end] === '\\') ? 2 : 1;
  }
  return end + 1;
}

function endOfComment(sql: string, at: number): number {
  let depth = 0;
  let end = at;
  do {
    if (sql.startsWith('/*', end)) depth += 1;
    else if (sql.startsWith('*/', end)) depth -= 1;
    end += sql.startsWith('/*', end) || sql.startsWith('*/', end) ? 2 : 1;
  } while (depth > 0 && end < sql.length);
  return end;
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
