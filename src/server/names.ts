/** What a name may be: any text of a venue, but the one character that PostgreSQL stores in no text. */
export const name = { minLength: 1, maxLength: 128, pattern: '^[^\\u0000]*$' } as const;

/** The form of an id that we give. */
export const uuid = { pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' } as const;
