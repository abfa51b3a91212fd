import type { Mutant } from './list.ts';

const keys = { file: 'src/server/api-keys.ts', test: 'tests/server/security-keys.test.ts' };
const guard = { file: 'src/server/guard.ts', test: 'tests/server/security-routes.test.ts' };

/** Faults that let somebody in, hide who did something, or show a secret. */
export const securityMutants: readonly Mutant[] = [
  {
    ...keys, name: 'a spoilt file of keys that shuts everybody out',
    find: '      this.#keep(file, messageOf(error));\n      this.#seen = found;',
    replace: '      this.#keep(file, messageOf(error));\n      this.#listed = [];\n      this.#seen = found;',
    shows: 'stay as they were when the file holds',
  },
  {
    ...keys, name: 'keys that are read once',
    find: 'while (!signal.aborted) {\n      await clock.wait(readEveryMs, signal);',
    replace: 'while (!signal.aborted) {\n      await clock.wait(Infinity, signal);',
    shows: 'come and go without a restart',
  },
  {
    ...keys, name: 'a digest that is a key too',
    find: "    const digest = digestOf(sent);\n    let name",
    replace: "    const digest = /^[0-9a-f]{64}$/.test(sent) ? Buffer.from(sent, 'hex') : digestOf(sent);\n    let name",
    shows: 'each let their holder in, and nobody without one',
  },
  {
    ...keys, name: 'a wrong line that is quoted',
    find: 'throw new Error(`Line ${index + 1} is not NAME:DIGEST.`)',
    replace: 'throw new Error(`Line ${index + 1} is not NAME:DIGEST: ${line}.`)',
    shows: 'which is told once and quotes nothing',
  },
  {
    ...guard, name: 'routes that are open for their name',
    find: "url?.startsWith('/docs') === true", replace: "url?.startsWith('/') === true && !url.startsWith('/api/status')",
    shows: 'asks for the key, but health, metrics, and files that hold no data',
  },
  {
    file: 'src/server/listener.ts', test: 'tests/server/security-proxy.test.ts', name: 'anybody believed about addresses',
    find: 'settings.trust_proxy.length === 0 ? false : [...settings.trust_proxy]', replace: 'true',
    shows: 'whoever makes addresses up gains nothing',
  },
  {
    file: 'src/commands/audited.ts', test: 'tests/security/audit.test.ts', name: 'work that is done before its line is kept',
    find: '  tellBegun(log, change);\n  const by = who();\n  let result: T;\n  try {\n    result = await work();',
    replace: '  const by = who();\n  let result: T;\n  try {\n    result = await work();\n    tellBegun(log, change);',
    shows: 'does nothing when its line cannot be kept',
  },
  {
    file: 'src/telemetry/logger.ts', test: 'tests/security/audit.test.ts', name: 'an audit log that a level silences',
    find: "level: 'info', base: { pipeline, audit: true }", replace: 'level: settings.level, base: { pipeline, audit: true }',
    shows: 'is written whatever the level, and told apart from all others',
  },
  {
    file: 'src/telemetry/logger.ts', test: 'tests/security/audit.test.ts', name: 'an audit file that is not masked',
    find: '      keep(settings.audit_file, clean);', replace: '      keep(settings.audit_file, line);',
    shows: 'holds no secret, in the log and in the file',
  },
  {
    file: 'src/config/describe.ts', test: 'tests/security/canaries.test.ts', name: 'a secret that check shows',
    find: 'const hidden = isSecret(leaf.setting) &&', replace: "const hidden = isSecret(leaf.setting) && !leaf.path.startsWith('kafka') &&",
    shows: 'by mdp check',
  },
  {
    file: 'src/postgres-url.ts', test: 'tests/security/database-tls.test.ts', name: 'a server that nobody looks at',
    find: "if (mode !== null && mode !== 'no-verify') parsed.searchParams.set('uselibpqcompat', 'true');",
    replace: "if (mode !== null) parsed.searchParams.set('sslmode', 'no-verify');",
    shows: 'is refused for good where another authority has signed it',
  },
  {
    file: 'scripts/write-sbom.ts', test: 'tests/security/packages.test.ts', name: 'a bill of materials by npm alone',
    find: "'--sbom-type=application', '--package-lock-only']", replace: "'--sbom-type=application', '--omit=dev', '--package-lock-only']",
    shows: 'has every package that the lock file ships, and no other',
  },
  {
    file: 'src/server/guard.ts', test: 'tests/server/security-routes.test.ts', name: 'a door that is open by any name',
    find: 'flagsOf(request).open !== true && !isAskedByOwnName', replace: 'flagsOf(request).open === true && !isAskedByOwnName',
    shows: 'refuses who asks by a name that somebody has pointed here, but for what is open anyway',
  },
  {
    file: 'src/server/guard.ts', test: 'tests/server/security-routes.test.ts', name: 'a page that says it is a proxy',
    find: "isOwnHost(host, settings) && isOwnHost(headers.host ?? '', settings)", replace: 'isOwnHost(host, settings) && headers !== null',
    shows: 'says what to do, and believes no page that claims to be a proxy',
  },
  {
    file: 'src/server/add-route.ts', test: 'tests/server/changing-calls.test.ts', name: 'a change that has all the time in the world',
    find: 'isReading ? answering(request.signal) : withinTime(reply, context, answering)', replace: 'isReading || reply.sent ? answering(request.signal) : answering(new AbortController().signal)',
    shows: 'that takes too long is told to stop and is 503: nobody knows what came of it',
  },
];
