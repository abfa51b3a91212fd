import { CsvScanner, splitCsv } from '../scan/csv.ts';
import { csvColumns, expectedHeader } from '../scan/csv-header.ts';
import { quoted } from '../scan/quoted.ts';
import type { RecordRules } from '../scan/tick-judge.ts';
import type { IdKind } from '../tick-columns.ts';
import { headerHint } from './lines.ts';

/** What reads the lines below a CSV header; a sentence where the header lacks what the settings need. */
export function scannerOfHeader(header: string, ids: IdKind, records: RecordRules): CsvScanner | string {
  const needs = { names: records.names, ids, hasDefaultSymbol: records.hasDefaultSymbol };
  const cells = splitCsv(header);
  const columns = typeof cells === 'string' ? cells : csvColumns(cells, needs);
  if (typeof columns !== 'string') return new CsvScanner(columns, records);
  return `the header is ${quoted(header)}: ${columns}; ${expectedHeader(needs)}.${headerHint(header)}`;
}
