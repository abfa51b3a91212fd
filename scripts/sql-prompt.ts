/** A small SQL prompt for machines without psql: statements end with `;`, or come as arguments: sql-prompt -c 'select 1'. */
import { createInterface } from 'node:readline/promises';
import { Database, type QueryResult } from '../src/postgres.ts';
import { databaseUrl } from './database/find.ts';

const database = new Database({
  url: databaseUrl(), applicationName: 'mdp sql prompt', clientsMax: 1, connectTimeoutMs: 5_000,
  statementTimeoutMs: 600_000, idleInTransactionTimeoutMs: 600_000,
});

async function answer(statement: string): Promise<void> {
  try {
    const result = await database.query<Record<string, unknown>>({ deadlineMs: 600_000 }, statement);
    for (const one of Array.isArray(result) ? result as QueryResult[] : [result]) {
      if (one.rows.length > 0) console.table(one.rows);
      else console.log(`${one.command ?? 'OK'} ${one.rowCount ?? ''}`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
  }
}

const [flag, command] = process.argv.slice(2);
if (flag === '-c' && command !== undefined) {
  await answer(command);
} else {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'mdp=> ' });
  lines.prompt();
  let statement = '';
  for await (const line of lines) {
    statement += `${line}\n`;
    if (/^\\q$/.test(line.trim())) break;
    if (!line.trimEnd().endsWith(';')) continue;
    await answer(statement);
    statement = '';
    lines.prompt();
  }
}
await database.close();
