import { ROOM_GRANTS } from './grants.generated.ts';

/**
 * Roles and their scopes. Staff roles inherit: ADMIN > OPERATOR > ANALYST > VIEWER. CUSTOMER, MERCHANT and GUEST see
 * their own rows, by each agent's `access.ts`. SERVICE is an agent. A scope is `<agent>:<action>`, with `*` for any. A
 * room grants scopes of its own to roles by `grants` in its `agent.ts`.
 */
export const ROLES = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER', 'MERCHANT', 'CUSTOMER', 'GUEST', 'SERVICE'] as const;

/** The actions of scopes, each with the access that it grants. */
export const ACTIONS = {
  read: "all rows, not only the caller's own, without personal data",
  personal: 'personal data of all users: names, e-mail addresses, telephone numbers, postal addresses and messages',
  write: 'changes of business data',
  admin: 'users, roles and keys',
  command: 'the internal fields that agents call one another by',
} as const;

/** One of {@link ACTIONS}. */
export type Action = keyof typeof ACTIONS;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** Grants of a room's own scopes to roles. ADMIN, OPERATOR and SERVICE have theirs for every agent. */
export type Grants = Readonly<
  Partial<Record<Exclude<Role, 'ADMIN' | 'OPERATOR' | 'SERVICE'>, readonly Exclude<Action, 'command'>[]>>
>;

const INHERITS: Partial<Record<Role, Role>> = { ADMIN: 'OPERATOR', OPERATOR: 'ANALYST', ANALYST: 'VIEWER' };

const OF_ALL_AGENTS: Partial<Record<Role, readonly string[]>> = {
  ADMIN: ['*:admin'],
  OPERATOR: ['*:write', '*:personal'],
  VIEWER: ['*:read'],
  SERVICE: ['*:*'],
};

/** A role, and those that it inherits from: `ADMIN` is an `OPERATOR` too. */
export function rolesUnder(role: Role): Role[] {
  const parent = INHERITS[role];
  return [role, ...(parent ? rolesUnder(parent) : [])];
}

/** All scopes of a role, inherited ones included. */
export function scopesOf(role: Role): string[] {
  const parent = INHERITS[role];
  return [...(OF_ALL_AGENTS[role] ?? []), ...(ROOM_GRANTS[role] ?? []), ...(parent ? scopesOf(parent) : [])];
}
