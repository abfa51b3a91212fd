const withThousands = /^-?\d{1,3}(,\d{3})+(\.\d*)?$/;

/** What somebody has typed as a number, or null. A comma separates thousands and nothing else: `0,25` is no number here. */
export function numberOf(text: string): number | null {
  const plain = text.replaceAll(/[\s_]/g, '').replace('−', '-');
  if (plain.includes(',') && !withThousands.test(plain)) return null;
  const value = Number(plain.replaceAll(',', ''));
  return plain === '' || !Number.isFinite(value) ? null : value;
}
