import { readFileSync } from 'node:fs';
import path from 'node:path';
import { route } from './route.ts';
import type { Route } from './route.ts';

/**
 * The start page, until there is a dashboard: three files that load nothing from elsewhere. Read once, at start.
 */
export const pageRoutes: readonly Route[] = [
  pageFile('/', 'index.html', 'text/html; charset=utf-8'),
  pageFile('/page.css', 'page.css', 'text/css; charset=utf-8'),
  pageFile('/page.js', 'page.js', 'text/javascript; charset=utf-8'),
];

function pageFile(url: string, file: string, type: string): Route {
  const text = readFileSync(path.join(import.meta.dirname, 'page', file), 'utf8');
  return route({
    path: url, tag: 'page', open: true, limited: true, summary: `The start page: ${file}.`,
    answers: { 200: { description: 'The file.', type: type.split(';')[0] } },
    answer: () => ({ status: 200, body: text, type }),
  });
}
