import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inThousands } from '../../src/model/thousands.ts';

it('a whole number is written as English has it', () => {
  fc.assert(fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.integer({ min: -2_000, max: 2_000 })),
    (value) => { expect(inThousands(value)).toBe(value.toLocaleString('en')); }));
});
