import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { ValuesOf } from '../../src/model/setting.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import { redactor } from '../../src/telemetry/redact.ts';
import type { logSettings } from '../../src/telemetry/settings.ts';

type Options = Partial<ValuesOf<typeof logSettings>> & { readonly isTTY?: boolean; readonly secrets?: readonly string[] };

interface Written {
  readonly logger: Logger;
  readonly lines: () => string[];
}

function loggerTo(options: Options = {}): Written {
  const texts: string[] = [];
  const logger = createLogger({
    settings: { level: options.level ?? 'info', format: options.format ?? 'auto', audit_file: options.audit_file ?? null },
    stream: { write: (text) => texts.push(text), isTTY: options.isTTY ?? false },
    secrets: options.secrets ?? [], pipeline: 'test',
  });
  return { logger, lines: () => texts.join('').split('\n').filter((line) => line !== '') };
}

describe('the shape of a line', () => {
  it('is JSON with level, time, pipeline and message where nobody is watching', () => {
    const { logger, lines } = loggerTo();
    logger.info({ source: 'demo' }, 'The source demo started.');
    expect(JSON.parse(lines()[0])).toMatchObject({
      level: 'info', pipeline: 'test', source: 'demo', msg: 'The source demo started.',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
    });
  });

  it('is for people on a terminal, and JSON there when asked for', () => {
    const pretty = loggerTo({ isTTY: true });
    pretty.logger.warn({ count: 3 }, 'It happened.');
    expect(pretty.lines()[0]).toMatch(/WARN.*It happened\./);
    expect(() => JSON.parse(pretty.lines()[0]) as unknown).toThrow();
    const json = loggerTo({ isTTY: true, format: 'json' });
    json.logger.warn({ count: 3 }, 'It happened.');
    expect(JSON.parse(json.lines()[0])).toMatchObject({ count: 3 });
  });

  it('carries an error with its code, its stack and its cause', () => {
    const { logger, lines } = loggerTo();
    logger.error({ error: new MdpError('store-unavailable', 'No answer.', new Error('refused')) }, 'It failed.');
    const { error }: { error: { code: string; message: string; stack: string } } = JSON.parse(lines()[0]);
    expect(error).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('No answer.') as unknown });
    expect(error.stack).toContain('refused');
  });

  it('is not written below the level', () => {
    const { logger, lines } = loggerTo({ level: 'warn' });
    logger.info({}, 'Quiet.');
    logger.warn({}, 'Loud.');
    expect(lines()).toHaveLength(1);
  });
});

describe('secrets', () => {
  const databaseUrl = 'postgres://mdp:hunt%40er-2$x@db.example:5432/market';
  const apiKey = 'k3y-with-"quotes"-and-\\';
  const places: readonly (readonly [string, (logger: Logger, secret: string) => void])[] = [
    ['a message', (logger, secret) => logger.info({}, `Connecting to ${secret} now.`)],
    ['a field', (logger, secret) => logger.info({ url: secret }, 'Connecting.')],
    ['a nested field', (logger, secret) => logger.info({ store: { settings: [{ deep: secret }] } }, 'Connecting.')],
    ['a key', (logger, secret) => logger.info({ [secret]: 1 }, 'Connecting.')],
    ['the message of an error', (logger, secret) => logger.error({ error: new Error(`refused ${secret}`) }, 'Failed.')],
    ['the cause of an error', (logger, secret) => logger.error(
      { error: new Error('refused', { cause: new Error(`by ${secret}`) }) }, 'Failed.')],
    ['a property of an error', (logger, secret) => logger.error(
      { error: Object.assign(new Error('refused'), { connectionString: secret }) }, 'Failed.')],
  ];

  describe.each(['json', 'pretty'] as const)('as %s', (format) => {
    it.each(places)('in %s are masked', (_, log) => {
      for (const secret of [databaseUrl, apiKey, 'hunt@er-2$x', 'hunt%40er-2$x']) {
        const { logger, lines } = loggerTo({ format, secrets: [databaseUrl, apiKey] });
        log(logger, secret);
        const text = lines().join('\n');
        expect(text).not.toMatch(/hunt|k3y-with/);
        expect(text).toContain('***');
      }
    });
  });

  it('are masked by their place even when nobody named them', () => {
    const { logger, lines } = loggerTo();
    logger.warn({
      url: 'postgresql://u:p4ss"w@h/db', password: 'first', sasl: { 'sasl_password': 'second', apiKey: 'third' },
      headers: { authorization: 'Bearer fourth', 'X-API-Key': 'fifth' },
    }, 'host=h password=sixth dbname=d, then Bearer seventh and redis://:eighth@h and password=\'ni nth\'');
    expect(lines()[0]).not.toMatch(/p4ss|first|second|third|fourth|fifth|sixth|seventh|eighth|nth/);
    expect(lines()[0]).toContain('dbname=d');
    expect(JSON.parse(lines()[0])).toMatchObject({ password: '***', sasl: { sasl_password: '***' } });
  });

  it('leave the line JSON, whatever they are', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(
      "password='", '://u:', '@', '\\', '"', '\n', 'Bearer ', 'api_key=', "'", ' ', '":"', '","token":"'));
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(fc.property(text.filter((secret) => secret.length >= 4), text, (secret, text) => {
      const line = JSON.stringify({ msg: `${text}${secret}${text}`, error: { stack: `at ${secret}` } });
      expect(() => JSON.parse(redactor([secret])(line)) as unknown).not.toThrow();
    }), { numRuns: 2_000 });
  });

  it('leave ordinary text alone', () => {
    const text = 'Served at http://127.0.0.1:8083 and http://[::1]:9090/metrics; mail a@b; 12 tokens, tokens=3 left; 50 % basic.';
    expect(redactor(['hunter22'])(text)).toBe(text.replace('tokens=3', 'tokens=***'));
  });

  it.each(['a-', '://a:', 'token', '"password', "password='", 'bearer ', '\\', '\\"'])(
    'are looked for in time that grows with the line, not with its square: %s', (unit) => {
      // Half a megabyte took minutes with patterns that have no bounds; the test's deadline is the judge.
      const line = JSON.stringify({ msg: unit.repeat(500_000 / unit.length) });
      expect(redactor(['hunter22', 'a-key-that-is-long'])(line).length).toBeGreaterThan(0);
    }, 20_000);

  it('are masked as they stand in a URL too', () => {
    expect(redactor(['pass word/&ü'])('see /x?q=pass%20word%2F%26%C3%BC now')).toBe('see /x?q=*** now');
  });

  it('are masked at the beginning of a line, after a tab and beside quotes', () => {
    const line = JSON.stringify({ msg: 'a:\nhunter2\thunter2 "hunter2" \u0001hunter2 \\hunter2 long-key-0123456789x' });
    expect(redactor(['hunter2', 'ong-key-0123456789'])(line)).toBe(
      JSON.stringify({ msg: 'a:\n***\t*** "***" \u0001*** \\*** l***x' }));
  });

  it('do not mask words that merely contain them', () => {
    expect(redactor(['mdpx'])('mdpx mdpxy /mdpx/ mdpx:')).toBe('*** mdpxy /***/ ***:');
  });
});
