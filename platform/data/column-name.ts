/** Cache of names, bounded by the columns and aliases in the code. */
const known = new Map<string, string>();

/** The column of a property, as MikroORM's `UnderscoreNamingStrategy` has it: `merchantId` is `merchant_id`. */
export function columnName(property: string): string {
  let name = known.get(property);
  if (name === undefined) {
    name = property.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
    known.set(property, name);
  }
  return name;
}
