/** What the shared scalars are in our resolvers: `platform/graphql/scalars.ts` makes them so. */
export const SCALARS = {
  ID: 'string',
  DateTime: 'Date',
  Date: 'string',
  Decimal: 'string',
  BigInt: 'bigint',
  JSON: 'unknown',
  CurrencyCode: 'string',
  CountryCode: 'string',
  EmailAddress: 'string',
};

/** What they are in the answer to a command: serialised. */
export const SERIALISED = {
  ...SCALARS,
  DateTime: { input: 'string | Date', output: 'string' },
  BigInt: { input: 'string | bigint', output: 'string' },
};
