/** Puts null for denied selections, as if their resolvers had failed: through non-null fields and lists upwards. */
import { type GraphQLOutputType, isListType, isNonNullType } from 'graphql';
import { TYPENAME_ALIAS } from './compile.ts';
import type { Mask } from './prune.ts';

type ObjectValue = Record<string, unknown>;

/**
 * Applies a mask to the data of a result, in place.
 * @returns the data, or null if null propagated to the root; and the denied checks for which an object was met
 */
export function applyMask(data: ObjectValue, mask: Mask): { data: ObjectValue | null; met: ReadonlySet<number> } {
  const met = new Set<number>();
  const survives = maskObject(data, mask, met);
  if (survives) removeTypenames(data);
  return { data: survives ? data : null, met };
}

/** @returns false if the object itself must become null */
function maskObject(object: ObjectValue, mask: Mask, met: Set<number>): boolean {
  let survives = true;
  for (const entry of mask) {
    if (entry.types && !entry.types.has(object[TYPENAME_ALIAS] as string)) continue;
    if (entry.denied !== undefined) {
      met.add(entry.denied);
      putNull(object, entry.key);
    } else if (!maskValue(valueIn(object, entry.key), entry.type, entry.below!, met)) {
      putNull(object, entry.key);
    }
    if (valueIn(object, entry.key) === null && isNonNullType(entry.type)) survives = false;
  }
  return survives;
}

// A client may alias a field `__proto__`: only own properties belong to the answer.
const valueIn = (object: ObjectValue, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);
const putNull = (object: ObjectValue, key: string): unknown =>
  Object.defineProperty(object, key, { value: null, writable: true, enumerable: true, configurable: true });

/** @returns false if the value must become null */
function maskValue(value: unknown, type: GraphQLOutputType, mask: Mask, met: Set<number>): boolean {
  if (value === null || value === undefined) return true;
  const nullable = isNonNullType(type) ? type.ofType : type;
  if (!isListType(nullable)) return maskObject(value as ObjectValue, mask, met);
  const items = value as unknown[];
  let survives = true;
  for (const [index, item] of items.entries()) {
    if (maskValue(item, nullable.ofType, mask, met)) continue;
    items[index] = null;
    if (isNonNullType(nullable.ofType)) survives = false;
  }
  return survives;
}

function removeTypenames(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) removeTypenames(item);
  else if (value !== null && typeof value === 'object') {
    delete (value as ObjectValue)[TYPENAME_ALIAS];
    for (const item of Object.values(value)) removeTypenames(item);
  }
}
