/** Clients' operation names as a metric label: the first ones by name, the rest as `other`. */

const MAX_NAMES = 200;
const MAX_LENGTH = 64;

const names = new Set<string>();

/**
 * The label of an operation: its name while there are few, else `other`, so that a client that sends a thousand names
 * makes no thousand series. An unnamed one is labelled by its first field.
 */
export function operationLabel(name: string | undefined, firstField: string | undefined): string {
  const label = name ?? (firstField ? `{ ${firstField} }` : 'unnamed');
  if (names.has(label)) return label;
  if (names.size >= MAX_NAMES || label.length > MAX_LENGTH) return 'other';
  names.add(label);
  return label;
}
