import type { Knowledge } from '../support/random-operation.ts';

const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  Boolean: [true, false],
  Int: [1, 2, 3],
  Float: [1.5],
  String: ['demo', 'x'],
  CurrencyCode: ['EUR', 'USD', 'GBP'],
  CountryCode: ['FR', 'DE'],
  DateTime: ['2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  Date: ['2026-01-01'],
  Decimal: ['1.50'],
  BigInt: ['150'],
  EmailAddress: ['customer@agora.test', 'nobody@agora.test'],
  JSON: [{}],
};
const NOTHING = 'nothing_01h0000000e00000000000000';

/**
 * Values for scalars. Ids are mostly existing ones: of the type that the argument is named after, or that the field
 * returns.
 */
export const valuesOf =
  (ids: ReadonlyMap<string, readonly string[]>): Knowledge['values'] =>
  (scalar, argument, returns) => {
    if (scalar !== 'ID') return VALUES[scalar] ?? raise(scalar);
    const named = argument === 'variantId' ? 'productvariant' : argument.replace(/Ids?$/, '').toLowerCase();
    const entity = [...ids.keys()].find((name) => name.toLowerCase() === named) ?? returns.replace(/Connection$/, '');
    // A node may be of any type.
    const known = entity === 'Node' ? [...ids.values()].map(([first]) => first!) : (ids.get(entity) ?? []);
    return [...known, ...known, NOTHING];
  };

function raise(scalar: string): never {
  throw new Error(`Give some values for the scalar ${scalar}.`);
}
