/** The rules of API keys. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import { checkAll } from '../../../platform/graphql/refusals.ts';
import type { Actor } from '../../../platform/identity/actor.ts';

/** The most scopes of one key. */
const MAX_SCOPES = 50;
const DAY_MS = 86_400_000;
/** The lifetime of a key whose maker names none. */
const DEFAULT_DAYS = 90;
const MAX_DAYS = 366;

/** The actions of platform/identity/roles.ts, but `command`: that is for agents. */
const SCOPE = /^(\*|[a-z][a-z0-9]*):(read|personal|write|admin)$/;

/**
 * The scopes of a new key, distinct and all its maker's. A scope to write brings along the one to read, if the maker
 * has it, or the key could not read its own writes.
 * @throws Refusal INVALID_INPUT, SCOPE_NOT_YOURS: all that are wrong, each at its place
 */
export function checkScopes(scopes: readonly string[], maker: Pick<Actor, 'may'>): string[] {
  const path = ['input', 'scopes'];
  const distinct = [...new Set(scopes)];
  if (distinct.length < 1 || distinct.length > MAX_SCOPES)
    throw refuse('INVALID_INPUT', `A key needs 1 to ${MAX_SCOPES} scopes.`, path);
  checkAll(...distinct.map((scope) => () => checkScope(scope, maker, [...path, String(scopes.indexOf(scope))])));
  const brought = distinct.flatMap(broughtBy).filter((scope) => maker.may(scope));
  return [...new Set([...distinct, ...brought])];
}

function checkScope(scope: string, maker: Pick<Actor, 'may'>, path: readonly string[]): void {
  if (!SCOPE.test(scope))
    throw refuse(
      'INVALID_INPUT',
      `${JSON.stringify(scope)} is not a scope: it is \`<agent>:<read, personal, write or admin>\`, with \`*\` for every agent.`,
      path,
    );
  if (!maker.may(scope)) throw refuse('SCOPE_NOT_YOURS', `You may not give what you have not: ${scope}.`, path);
}

/** The scopes that one brings along: a key reads its own writes. */
function broughtBy(scope: string): string[] {
  const [agent, action] = scope.split(':');
  return action === 'write' ? [`${agent}:read`] : [];
}

/** The scopes of a key that its maker still has. */
export const scopesLeft = (scopes: readonly string[], maker: Pick<Actor, 'may'>): string[] =>
  scopes.filter((scope) => maker.may(scope));

/** The expiry of a key; every key has one. @throws Refusal INVALID_INPUT */
export function checkExpiry(asked: Date | null | undefined, now: Date): Date {
  if (!asked) return new Date(now.getTime() + DEFAULT_DAYS * DAY_MS);
  const days = (asked.getTime() - now.getTime()) / DAY_MS;
  if (days <= 0 || days > MAX_DAYS)
    throw refuse('INVALID_INPUT', `A key expires in the future, in ${MAX_DAYS} days at most.`, ['input', 'expiresAt']);
  return asked;
}
