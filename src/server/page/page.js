// The status page: what /health and /metrics say, every two seconds. Both are open, so no key is needed here.

const refreshMs = 2000;
const signs = { healthy: '●', degraded: '▲', unhealthy: '■' };
const flows = [
  ['ticks received', 'mdp_ticks_received_total'],
  ['ticks in bars', 'mdp_ticks_aggregated_total'],
  ['bars made', 'mdp_operator_bars_out_total'],
  ['rows committed', 'mdp_sink_items_committed_total'],
];
const losses = [
  ['duplicate', 'mdp_ticks_duplicate_total'],
  ['late', 'mdp_ticks_late_total'],
  ['excluded', 'mdp_ticks_excluded_total'],
  ['rejected', 'mdp_ticks_rejected_total'],
  ['dropped', 'mdp_ticks_dropped_total'],
  ['unaccounted for', 'mdp_ledger_imbalance'],
];

const element = (id) => document.getElementById(id);
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

let before = null;
let reachedAtMs = null;

/** Totals by metric name, all its series added up. */
function totalsOf(text) {
  const totals = new Map();
  for (const line of text.split('\n')) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)$/.exec(line);
    if (parts !== null) totals.set(parts[1], (totals.get(parts[1]) ?? 0) + Number(parts[2]));
  }
  return totals;
}

/** Changes only what is different: nothing moves that did not change. */
function say(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

/** Rows of a table body, each with as many cells as it needs; the first is its heading. */
function fill(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  for (const [index, cells] of rows.entries()) {
    const row = body.rows[index] ?? newRow(body, cells.length);
    for (const [at, cell] of cells.entries()) {
      say(row.cells[at], cell.text);
      row.cells[at].className = cell.name ?? '';
    }
  }
}

function newRow(body, cells) {
  const row = body.insertRow();
  const heading = document.createElement('th');
  heading.scope = 'row';
  row.append(heading);
  for (let at = 1; at < cells; at++) row.insertCell();
  return row;
}

function showHealth(health) {
  say(element('pipeline'), health.pipeline);
  const troubled = health.rows.filter((row) => row.status !== 'healthy').length;
  const verdict = element('verdict');
  const which = troubled === 0 ? '' : `: ${troubled} of ${health.rows.length} parts need a look`;
  say(verdict, `${signs[health.status]} ${health.status}${which}`);
  verdict.className = health.status;
  fill(element('parts'), health.rows.map((row) => [
    { text: row.part }, { text: row.name }, { text: `${signs[row.status]} ${row.status}`, name: row.status },
    { text: row.message },
  ]));
}

function showTotals(totals, nowMs) {
  const seconds = before === null ? 0 : (nowMs - before.nowMs) / 1000;
  const rate = (name) => seconds === 0 ? '–'
    : number.format(Math.max(0, ((totals.get(name) ?? 0) - (before.totals.get(name) ?? 0)) / seconds));
  fill(element('flow'), flows.map(([label, name]) => [
    { text: label }, { text: number.format(totals.get(name) ?? 0) }, { text: rate(name) },
  ]));
  fill(element('lost'), losses.map(([label, name]) => [
    { text: label }, { text: number.format(totals.get(name) ?? 0) },
  ]));
  before = { totals, nowMs };
}

function showNote(text) {
  element('note').hidden = text === '';
  say(element('note'), text);
}

/** Rows of the right number before the first answer: nothing jumps when it comes. */
function showSkeleton() {
  fill(element('flow'), flows.map(([label]) => [{ text: label }, { text: '–' }, { text: '–' }]));
  fill(element('lost'), losses.map(([label]) => [{ text: label }, { text: '–' }]));
}

async function refresh() {
  try {
    const [health, metrics] = await Promise.all([fetch(new URL('health', import.meta.url)), fetch(new URL('metrics', import.meta.url))]);
    showHealth(await health.json());
    if (metrics.ok) showTotals(totalsOf(await metrics.text()), performance.now());
    showNote(metrics.ok ? '' : 'There are no numbers: metrics are switched off (telemetry.enable_metrics).');
    reachedAtMs = performance.now();
  } catch {
    const verdict = element('verdict');
    say(verdict, '■ unreachable');
    verdict.className = 'unreachable';
    const silent = reachedAtMs === null ? '' : ` for ${Math.round((performance.now() - reachedAtMs) / 1000)} s`;
    showNote(`The daemon has not answered${silent}; what stands below is from before. This page asks again every 2 s.`);
  }
  setTimeout(() => { void refresh(); }, refreshMs);
}

showSkeleton();
void refresh();
