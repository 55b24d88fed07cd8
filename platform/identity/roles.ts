import { ROOM_GRANTS } from './grants.generated.ts';

/**
 * Roles and what they may do. Staff roles inherit: ADMIN > OPERATOR > ANALYST > VIEWER. CUSTOMER, MERCHANT and GUEST
 * own what is theirs: which rows, each agent's `access.ts` decides. SERVICE is an agent. A scope is `<agent>:<action>`,
 * with `*` for any. A room grants scopes of its own to roles by `grants` in its `agent.ts`.
 */
export const ROLES = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER', 'MERCHANT', 'CUSTOMER', 'GUEST', 'SERVICE'] as const;

/** The actions that scopes are about, and what each of them opens. */
export const ACTIONS = {
  read: "everybody's rows, not only one's own, without what is personal about them",
  personal: "everybody's names, e-mail addresses, telephone numbers, postal addresses and messages",
  write: 'change what belongs to the business',
  admin: 'users, roles and keys',
  command: 'the internal fields that agents call one another by',
} as const;

/** One of {@link ACTIONS}. */
export type Action = keyof typeof ACTIONS;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** What a room may grant of its own scopes, and to whom: staff hold theirs of every agent. */
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

/** All scopes of a role, inherited ones included. */
export function scopesOf(role: Role): string[] {
  const parent = INHERITS[role];
  return [...(OF_ALL_AGENTS[role] ?? []), ...(ROOM_GRANTS[role] ?? []), ...(parent ? scopesOf(parent) : [])];
}
