export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  readonly series: readonly Series[];
  /** The one series with these labels (beside others); throws when there is none or more than one. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number;
}

/** Reads Prometheus's text format, strictly: a line that is none throws. */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const series: Series[] = [];
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
    if (comment !== null) (comment[1] === 'HELP' ? helps : types).set(comment[2], comment[3]);
    else series.push(parseSeries(line));
  }
  const value = (name: string, labels: Readonly<Record<string, string>> = {}): number => {
    const found = series.filter((one) => one.name === name &&
      Object.entries(labels).every(([label, wanted]) => one.labels[label] === wanted));
    if (found.length !== 1) throw new Error(`${found.length} series ${name}${JSON.stringify(labels)}`);
    return found[0].value;
  };
  return { types, helps, series, value };
}

function parseSeries(line: string): Series {
  const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (parts === null) throw new Error(`not a line of Prometheus's text format: ${line}`);
  const value = parts[3] === '+Inf' ? Infinity : parts[3] === 'Nan' ? NaN : Number(parts[3]);
  const labels = [...(parts[2] ?? '').matchAll(/([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"(?:,|$)/g)];
  return { name: parts[1], value, labels: Object.fromEntries(labels.map((match) => [match[1], match[2]])) };
}
