import { describe, expect, it } from 'vitest';
import { traitsOf } from '../../src/embedded/statements.ts';

describe('what the front sees in a query', () => {
  it.each([
    ['COPY bars FROM STDIN', false],
    ['copy bars (a, "from stdin") from stdin with (format binary)', true],
    ['COPY BINARY bars FROM STDIN', true],
    ['-- from stdin\nCOPY bars FROM STDIN;', false],
    ['/* copy /* nested */ x */ copy "b;" from /* here */ stdin ; -- done', false],
    ["COPY bars FROM STDIN (DELIMITER ';', NULL E'\\'')", false],
  ])('%s takes data', (sql, binary) => {
    expect(traitsOf(sql)).toMatchObject({ copyIn: { binary }, refusal: null });
  });

  it.each([
    "SELECT 'COPY bars FROM STDIN'",
    "SELECT E'\\'; COPY bars FROM STDIN; '",
    "SELECT 'it''s'; -- COPY bars FROM STDIN",
    'SELECT $x$; COPY bars FROM STDIN; $x$',
    'SELECT 1 AS "; COPY bars FROM STDIN"',
    'COPY bars TO STDOUT -- from stdin',
    "COPY bars FROM '/tmp/stdin'",
    'CREATE TABLE copy_from_stdin (stdin text)',
  ])('%s does not', (sql) => {
    expect(traitsOf(sql)).toMatchObject({ copyIn: null, refusal: null });
  });

  it('a COPY beside other statements is refused, in either order', () => {
    expect(traitsOf('SELECT 1; COPY bars FROM STDIN').refusal).toMatch(/only statement/);
    expect(traitsOf('COPY bars FROM STDIN; SELECT 1').refusal).toMatch(/only statement/);
  });

  it.each(['SET timezone TO utc', 'BEGIN; SET LOCAL work_mem = 1', "SELECT set_config('a.b', 'c', false)", 'RESET ALL', 'reset timezone'])(
    '%s changes settings', (sql) => {
      expect(traitsOf(sql)).toMatchObject({ changesSettings: true, refusal: null });
    });

  it.each(["UPDATE bars SET low = 1", 'SELECT 1 OFFSET 2', "SELECT 'x'; -- SET a = b"])('%s does not', (sql) => {
    expect(traitsOf(sql).changesSettings).toBe(false);
  });

  it.each(['DISCARD ALL', 'select 1; discard temp', "SET client_encoding = 'LATIN1'", "SET NAMES 'SJIS'", 'set session client_encoding to win1252'])(
    '%s is refused', (sql) => {
      expect(traitsOf(sql).refusal).not.toBeNull();
    });

  it.each(["SET client_encoding TO 'UTF8'", 'SET NAMES utf8', 'set client_encoding = default'])('%s is not', (sql) => {
    expect(traitsOf(sql).refusal).toBeNull();
  });
});
