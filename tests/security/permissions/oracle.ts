/**
 * The oracle of permissions, a second and independent implementation: the declarations are read out of the composed SDL
 * by their plain names, and the rights of each role are written down here and in the rooms' `world.ts`. Nothing of
 * `platform/gate` or of `platform/identity/roles.ts` is used, so that a mistake there is seen.
 */
import { type ConstDirectiveNode, Kind, parse, valueFromASTUntyped } from 'graphql';
import { ROOM_WORLDS } from './room-worlds.ts';

/** A caller, as the oracle sees it. */
export interface Holder {
  isAnonymous: boolean;
  holds(agent: string, action: string): boolean;
}

const READ = ['read'];
const OPERATE = ['read', 'personal', 'write'];
const granted =
  (role: string): Holder['holds'] =>
  (agent, action) =>
    ROOM_WORLDS.get(agent)?.grants?.[role]?.includes(action) ?? false;

/** The rights of every role. */
export const HOLDS: Record<string, Holder['holds']> = {
  ADMIN: (_, action) => [...OPERATE, 'admin'].includes(action),
  OPERATOR: (_, action) => OPERATE.includes(action),
  ANALYST: (_, action) => READ.includes(action),
  VIEWER: (_, action) => READ.includes(action),
  MERCHANT: granted('MERCHANT'),
  CUSTOMER: granted('CUSTOMER'),
  GUEST: granted('GUEST'),
  SERVICE: () => true,
};

/** The declarations at one coordinate. */
export interface Declared {
  isPublic: boolean;
  isAuthenticated: boolean;
  /** Any of these sets of scopes suffices; undefined: none is required. */
  scopes: readonly (readonly string[])[] | undefined;
}

/** The declarations of a composed supergraph, by coordinate. */
export function declarations(supergraphSdl: string): Map<string, Declared> {
  const found = new Map<string, Declared>();
  const note = (coordinate: string, directives: readonly ConstDirectiveNode[] = []): void => {
    const named = (name: string) => directives.find((node) => node.name.value === name);
    const [isPublic, isAuthenticated] = [Boolean(named('public')), Boolean(named('authenticated'))];
    const asked = named('requiresScopes')?.arguments?.[0];
    const scopes = asked && (valueFromASTUntyped(asked.value) as string[][]);
    if (isPublic || isAuthenticated || scopes) found.set(coordinate, { isPublic, isAuthenticated, scopes });
  };
  for (const node of parse(supergraphSdl).definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    note(node.name.value, node.directives);
    for (const field of node.fields ?? []) note(`${node.name.value}.${field.name.value}`, field.directives);
  }
  return found;
}

/**
 * Whether a caller meets the declarations of a coordinate. Without any it asks nothing: inherited ones are the caller
 * of this function's to check.
 */
export function passes(holder: Holder, declared: Declared | undefined): boolean {
  if (!declared || declared.isPublic) return true;
  if (declared.isAuthenticated && holder.isAnonymous) return false;
  if (!declared.scopes) return true;
  return declared.scopes.some((all) =>
    all.every((scope) => holder.holds(...(scope.split(':') as [agent: string, action: string]))),
  );
}
