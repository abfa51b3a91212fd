import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/*
 * The page as scripts/dashboard/build.ts has made it. It is read once, when the server starts: a build that takes its
 * place later does not mix with it, and no path that a client writes ever reaches the file system.
 */

/** A file of the build. Compressed bytes are kept, the plain ones are made for the few clients that take no other. */
export interface PageFile {
  readonly type: string;
  /** Its name holds a digest of what is in it: it never changes. */
  readonly immutable: boolean;
  readonly brotli: Buffer;
  readonly gzip: Buffer;
}

export interface BuiltPage {
  /** With `{{nonce}}` and `{{root}}` where the server writes what differs between requests. */
  readonly index: string;
  readonly assets: ReadonlyMap<string, PageFile>;
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', txt: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml', png: 'image/png', woff2: 'font/woff2', json: 'application/json; charset=utf-8',
};
const hashed = /-[\w-]{8}\.\w+$/;

export const builtPageFolder = path.resolve(import.meta.dirname, '../../dist/dashboard');

/** Null where nothing has been built. */
export function readBuiltPage(folder: string): BuiltPage | null {
  const index = path.join(folder, 'index.html');
  if (!existsSync(index)) return null;
  const within = path.join(folder, 'assets');
  const names = readdirSync(within).filter((name) => !/\.(?:br|gz)$/.test(name));
  return {
    index: readFileSync(index, 'utf8').replaceAll('="./', '="{{root}}'),
    assets: new Map(names.map((name) => [name, {
      type: types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream', immutable: hashed.test(name),
      brotli: readFileSync(path.join(within, `${name}.br`)), gzip: readFileSync(path.join(within, `${name}.gz`)),
    }])),
  };
}

/** The bytes that a client takes, by its Accept-Encoding, and how they are encoded. */
export function encodedFor(accepted: string, file: PageFile): { readonly bytes: Buffer; readonly encoding: string | null } {
  const takes = (name: string): boolean => accepted.split(',').some((part) => {
    const [encoding, weight = 'q=1'] = part.split(';').map((text) => text.trim());
    return encoding === name && Number(weight.replace('q=', '')) > 0;
  });
  if (takes('br')) return { bytes: file.brotli, encoding: 'br' };
  if (takes('gzip')) return { bytes: file.gzip, encoding: 'gzip' };
  return { bytes: brotliDecompressSync(file.brotli), encoding: null };
}

/**
 * Where the root is as seen from the address of the page: `../../` from /trading/binance/XRPETH. Whatever prefix a proxy
 * has taken off stands in front of both, so nobody has to be told it.
 */
export function rootFrom(url: string): string {
  const depth = url.split('?', 1)[0].split('/').length - 2;
  return depth <= 0 ? './' : '../'.repeat(depth);
}
