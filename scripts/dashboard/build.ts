import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

/*
 * Builds the page into dist/dashboard/: index.html and assets/, each asset also as .br and .gz. The server fills in what
 * differs between requests: the nonce of the policy, and where the root is as seen from the address that was asked for.
 */

const root = path.resolve(import.meta.dirname, '../..');
const target = path.join(root, 'dist/dashboard');
/** Stands in index.html where the server writes the nonce of the request. */
const nonceMark = '{{nonce}}';

/** Compressed once here, as small as it goes: it takes seconds, and no request waits for it. */
function compressAssets(folder: string): void {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(path.join(folder, name));
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    writeFileSync(path.join(folder, `${name}.br`), brotliCompressSync(bytes, brotli));
    writeFileSync(path.join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

// Whatever the environment says, as that of tests does: with the libraries for development each element costs a stack trace.
process.env['NODE_ENV'] = 'production';
// Beside the old one, and then in its place: a server that starts now finds one of the two whole.
const made = `${target}.${process.pid}`;
try {
  await build({
    configFile: false, root: path.join(root, 'src/dashboard'), base: './', logLevel: 'warn', plugins: [react()],
    html: { cspNonce: nonceMark },
    build: {
      outDir: made, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false,
      license: { fileName: 'assets/licenses.txt' }, chunkSizeWarningLimit: 1_000,
    },
  });
  compressAssets(path.join(made, 'assets'));
  rmSync(target, { recursive: true, force: true });
  renameSync(made, target);
} finally {
  rmSync(made, { recursive: true, force: true });
}
