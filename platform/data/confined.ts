/**
 * Row-level security for tables of money and personal data, beneath `access.ts`: customers, merchants and guests read
 * them through a role that sees their own rows alone, so that a forgotten condition shows nothing. Staff and agents
 * read with the agent's own role.
 */
import type { Actor } from '../identity/actor.ts';
import { ACTIONS } from '../identity/roles.ts';
import { columnName } from './column-name.ts';
import { type Claim, isThrough, type OwnTables } from './own-rows.ts';

/**
 * Name of the transaction-local setting that carries a claim to the policies: `agora.customer_id`.
 * @throws Error for a name that is not of letters and `_` alone, since it becomes SQL as it is
 */
export function settingOf(claim: Claim): string {
  const name = columnName(claim === 'id' ? 'actorId' : claim);
  if (!/^[a-z_]{1,50}$/.test(name)) throw new Error(`The claim "${claim}" makes no setting of PostgreSQL.`);
  return `agora.${name}`;
}

/** Whether an actor sees only their own rows of an agent: they hold no scope of it. */
export const isConfined = (actor: Actor, agent: string): boolean =>
  !Object.keys(ACTIONS).some((action) => actor.may(`${agent}:${action}`));

/** The claims that the rows are compared with. */
export const claimsIn = (confined: OwnTables): Claim[] => [
  ...new Set(Object.values(confined).flatMap((rows) => (isThrough(rows) ? [] : Object.values(rows)))),
];
