/** TypeScript types of the shared scalars in our resolvers, as `platform/graphql/scalars.ts` parses them. */
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

/** Their types in the answer to a command, which is serialised. */
export const SERIALISED = {
  ...SCALARS,
  DateTime: { input: 'string | Date', output: 'string' },
  BigInt: { input: 'string | bigint', output: 'string' },
};
