/** A minute of the rules is a second of the test. */
const factor = 60;

/** Durations that stand in an expression as a number of seconds. Everything else that is compared with is no time of the rules. */
const writtenAsSeconds = [
  'time() - process_start_time_seconds > 300', 'mdp_checkpoint_age_seconds > 120', 'mdp_kafka_silent_seconds > 90',
] as const;

/**
 * A source that was lost waits by itself before it is tried again, a group waits for the heartbeats of its members before it
 * divides anew, and a process takes a second or two to start, which no setting makes shorter: twelve seconds are a minute.
 */
const ofWaits = [
  'mdp_source_disconnects_total[10m]', 'mdp_kafka_joins_total[10m]', 'process_start_time_seconds{pipeline!=""}[15m]',
] as const;
const factorOfWaits = 5;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/**
 * Rules for whose time passes sixty times as fast: every duration of them is a sixtieth, `for` and the windows and those
 * that are written as seconds, and all else is as it is: shares, counts, and how slow a commit or a loop may be. Only how
 * often a source is lost, a group is joined and a process is started have a fifth of their windows.
 */
export function rulesInSeconds(rules: string): string {
  const waits = ofWaits.reduce((text, window) => replaced(text, window, withWindowsOf(window, factorOfWaits)), rules);
  const quick = withWindowsOf(waits, factor)
    .replaceAll(/^( +for: )(\d+)([smh])$/gm, (_, before: string, count: string, unit: string) => before + shorter(count, unit, factor));
  return writtenAsSeconds.reduce((text, comparison) => replaced(
    text, comparison, comparison.replace(/\d+$/, (seconds) => String(Number(seconds) / factor))), quick);
}

function replaced(rules: string, said: string, instead: string): string {
  if (!rules.includes(said)) throw new Error(`No rule says "${said}" any more.`);
  return rules.replaceAll(said, instead);
}

/** Those that are written in milliseconds are short already. */
function withWindowsOf(text: string, by: number): string {
  return text.replaceAll(/\[(\d+)([smh])\]/g, (_, count: string, unit: string) => `[${shorter(count, unit, by)}]`);
}

function shorter(count: string, unit: string, by: number): string {
  return `${Number(count) * unitSeconds[unit] * 1_000 / by}ms`;
}
