import { createRequire } from 'node:module';
import type compilerOfAjv from '@fastify/ajv-compiler';
import type compilerOfTexts from '@fastify/fast-json-stringify-compiler';

/** The compilers too are loaded when the first schema is used. */
const later = createRequire(import.meta.url);
const ajv = (): typeof compilerOfAjv => later('@fastify/ajv-compiler') as typeof compilerOfAjv;
const texts = (): typeof compilerOfTexts => later('@fastify/fast-json-stringify-compiler') as typeof compilerOfTexts;

type Validators = ReturnType<typeof compilerOfAjv>;
type Serializers = ReturnType<typeof compilerOfTexts>;

/** What a compiler makes of one schema: Ajv's functions say in `errors` what is wrong. */
interface Compiled {
  (data: unknown): unknown;
  errors?: unknown;
}

/**
 * Fastify's own compilers, which compile each schema at its first use: all of them take a sixth of a start, and a
 * daemon needs few. A schema that cannot be compiled fails its first request and not the start, so a test compiles all.
 */
export const lateSchemas = {
  buildValidator: (...of: Parameters<Validators>) => atFirstUse(() => ajv()()(...of)),
  buildSerializer: (...of: Parameters<Serializers>) => atFirstUse(() => texts()()(...of)),
};

function atFirstUse<Compile extends ReturnType<Validators | Serializers>>(compiler: () => Compile): Compile {
  let compile: ((schema: unknown) => Compiled) | null = null;
  const compileLate = (schema: unknown): Compiled => {
    let made: Compiled | null = null;
    const compiled: Compiled = (data) => {
      made ??= (compile ??= compiler() as (schema: unknown) => Compiled)(schema);
      const result = made(data);
      compiled.errors = made.errors;
      return result;
    };
    return compiled;
  };
  return compileLate as Compile;
}
