import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from './errors.ts';
import { send } from './guard.ts';
import { builtPageFolder, encodedFor, readBuiltPage, rootFrom } from './page-files.ts';
import type { BuiltPage } from './page-files.ts';
import { pageDirectives } from './security.ts';

/*
 * What a browser shows. The dashboard is one page at many addresses: a link to /trading/binance/XRPETH/1m opens what it
 * names. The status page needs no build and stands at /status. Nothing here needs a key: there is no data in it.
 */

const html = 'text/html; charset=utf-8';
/** The tabs that have addresses of their own; the dashboard is at /. */
const tabs = ['trading', 'portfolio', 'alerts', 'history', 'volume', 'pipeline'];
const shown = { config: { open: true, limited: true }, schema: { hide: true } } as const;

export function addPages(app: FastifyInstance, folder: string = builtPageFolder): void {
  const page = readBuiltPage(folder);
  addStatusPage(app);
  const index = page === null ? answerUnbuilt() : answerIndex(page);
  for (const url of ['/', ...tabs.flatMap((tab) => [`/${tab}`, `/${tab}/*`])]) app.get(url, shown, index);
  if (page !== null) app.get<{ Params: { file: string } }>('/assets/:file', shown, answerAsset(page));
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

function answerIndex({ index }: BuiltPage): Handler {
  return (request, reply) => {
    const nonce = randomBytes(16).toString('base64');
    const text = index.replaceAll('{{nonce}}', nonce).replaceAll('{{root}}', rootFrom(request.url));
    const headers = { 'content-security-policy': policyWith(nonce), 'cache-control': 'no-cache' };
    return reply.headers(headers).type(html).send(text);
  };
}

/** Libraries of the page make style elements while it runs: those with the nonce of this answer count, and no other. */
function policyWith(nonce: string): string {
  const { styleSrc, ...others } = pageDirectives;
  return Object.entries({ ...others, styleSrc: [...styleSrc, `'nonce-${nonce}'`] })
    .map(([name, sources]) => `${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${sources.join(' ')}`)
    .join(';');
}

function answerAsset({ assets }: BuiltPage) {
  return (request: FastifyRequest<{ Params: { file: string } }>, reply: FastifyReply): FastifyReply => {
    const file = assets.get(request.params.file);
    if (file === undefined) return send(reply, notFound);
    const { bytes, encoding } = encodedFor(request.headers['accept-encoding'] ?? '', file);
    if (encoding !== null) void reply.header('content-encoding', encoding);
    return reply.header('vary', 'accept-encoding').type(file.type)
      .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache').send(bytes);
  };
}

/** What to run where nothing has been built. */
function answerUnbuilt(): Handler {
  const page = plainFile('unbuilt.html');
  return (request, reply) => reply.header('cache-control', 'no-cache').type(html).send(atRoot(page, request));
}

/** Health and numbers in plain form, by files that need no build. */
function addStatusPage(app: FastifyInstance): void {
  const [page, style, script] = [plainFile('index.html'), plainFile('page.css'), plainFile('page.js')];
  app.get('/status', shown, (request, reply) => reply.type(html).send(atRoot(page, request)));
  app.get('/page.css', shown, (_request, reply) => reply.type('text/css; charset=utf-8').send(style));
  app.get('/page.js', shown, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
}

/** Read once, when the server starts. */
function plainFile(name: string): string {
  return readFileSync(path.join(import.meta.dirname, 'page', name), 'utf8');
}

function atRoot(page: string, { url }: FastifyRequest): string {
  return page.replaceAll('{{root}}', rootFrom(url));
}
