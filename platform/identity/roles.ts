/**
 * Roles and what they may do. Staff roles inherit: ADMIN > OPERATOR > ANALYST > VIEWER. CUSTOMER, MERCHANT and GUEST
 * own what is theirs: which rows, each agent's `access.ts` decides. SERVICE is an agent. A scope is `<agent>:<action>`,
 * with `*` for any.
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

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

const INHERITS: Partial<Record<Role, Role>> = { ADMIN: 'OPERATOR', OPERATOR: 'ANALYST', ANALYST: 'VIEWER' };

const GRANTS: Record<Role, readonly string[]> = {
  ADMIN: ['*:admin'],
  OPERATOR: ['*:write', '*:personal'],
  ANALYST: [],
  VIEWER: ['*:read'],
  MERCHANT: ['product:write', 'pricing:write', 'inventory:write'],
  CUSTOMER: [],
  GUEST: [],
  SERVICE: ['*:*'],
};

/** All scopes of a role, inherited ones included. */
export function scopesOf(role: Role): string[] {
  const parent = INHERITS[role];
  return [...GRANTS[role], ...(parent ? scopesOf(parent) : [])];
}
