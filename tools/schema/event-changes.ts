/**
 * Checks that readers of an event still get what they rely on. They read old rows and new, for as long as the log keeps
 * them, so the new schema must promise at least what the old one did. Fields and values of an enumeration may be added:
 * readers take what they know (`platform/consumers/handler.ts`).
 */

/** The part of JSON Schema that zod generates for objects. */
interface Schema {
  title?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema;
  items?: Schema;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

/**
 * Breaking changes: parts of the old event that a reader could rely on and the new one no longer has. Without a new
 * event, all of it.
 */
export function breakingEventChanges(oldText: string, newText: string | undefined): string[] {
  const old = JSON.parse(oldText) as Schema;
  if (newText === undefined) return [`${old.title}: the event is gone.`];
  return changes(old, JSON.parse(newText) as Schema, old.title ?? 'event');
}

function changes(old: Schema, now: Schema, at: string): string[] {
  const was = branches(old);
  const is = branches(now);
  if (was.length > 1 || is.length > 1) return is.flatMap((branch) => branchChanges(was, branch, at));
  if (nameOf(old) !== nameOf(now) && !(old.type === 'number' && now.type === 'integer')) {
    return [`${at}: it was ${nameOf(old)} and is now ${nameOf(now)}.`];
  }
  return [...propertyChanges(old, now, at), ...partChanges(old, now, at)];
}

/** Breaking changes of one alternative of a value: each that is possible now must have been possible before. */
function branchChanges(was: readonly Schema[], branch: Schema, at: string): string[] {
  const alike = was.filter((known) => nameOf(known) === nameOf(branch));
  if (alike.length === 1) return changes(alike[0]!, branch, at);
  if (was.some((known) => changes(known, branch, at).length === 0)) return [];
  return [`${at}: it may now be ${nameOf(branch)}, which it could not be.`];
}

function propertyChanges(old: Schema, now: Schema, at: string): string[] {
  return Object.entries(old.properties ?? {}).flatMap(([name, property]) => {
    const field = `${at}.${name}`;
    const kept = now.properties?.[name];
    if (!kept) return [`${field}: the field is gone.`];
    const optional = old.required?.includes(name) && !now.required?.includes(name);
    return [
      ...(optional ? [`${field}: it was always there and is now optional.`] : []),
      ...changes(property, kept, field),
    ];
  });
}

function partChanges(old: Schema, now: Schema, at: string): string[] {
  const pairs: [Schema | undefined, Schema | undefined][] = [
    [old.items, now.items],
    [old.additionalProperties, now.additionalProperties],
    ...(old.prefixItems ?? []).map((item, index): [Schema, Schema | undefined] => [item, now.prefixItems?.[index]]),
  ];
  return pairs.flatMap(([before, after]) => (before ? changes(before, after ?? {}, `${at}[]`) : []));
}

/** The alternatives of a value: `anyOf`, or a list of types. */
function branches(schema: Schema): readonly Schema[] {
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

/** The kind of a value. Enumerated values count as their type. */
function nameOf({ type, enum: values, const: value }: Schema): string {
  if (type !== undefined) return String(type);
  const known = values?.[0] ?? value;
  return known === undefined ? 'anything' : typeof known;
}
