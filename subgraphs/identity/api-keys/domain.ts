/** The rules of API keys. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';

/** Most scopes of one. */
const MAX_SCOPES = 50;
const DAY_MS = 86_400_000;
/** When its maker does not say. */
const DEFAULT_DAYS = 90;
const MAX_DAYS = 366;

/** The actions of platform/identity/roles.ts, but `command`: that is for agents. */
const SCOPE = /^(\*|[a-z][a-z0-9]*):(read|personal|write|admin)$/;

/**
 * The scopes that a key is to have, each once, all of them its maker's; with one to write comes the one to read, where its
 * maker has it, or a key would not see what it has made. @throws Refusal INVALID_INPUT, SCOPE_NOT_YOURS
 */
export function checkScopes(scopes: readonly string[], maker: Pick<Actor, 'may'>): string[] {
  const distinct = [...new Set(scopes)];
  if (distinct.length < 1 || distinct.length > MAX_SCOPES)
    throw refuse('INVALID_INPUT', `A key needs 1 to ${MAX_SCOPES} scopes.`, ['input', 'scopes']);
  for (const scope of distinct) {
    if (!SCOPE.test(scope))
      throw refuse(
        'INVALID_INPUT',
        `A scope is \`<agent>:<read, personal, write or admin>\`, with \`*\` for every agent.`,
        ['input', 'scopes'],
      );
    if (!maker.may(scope))
      throw refuse('SCOPE_NOT_YOURS', `You may not give what you have not: ${scope}.`, ['input', 'scopes']);
  }
  const brought = distinct.flatMap(broughtBy).filter((scope) => maker.may(scope));
  return [...new Set([...distinct, ...brought])];
}

/** The scopes that one brings along: what a key writes, it sees. */
function broughtBy(scope: string): string[] {
  const [agent, action] = scope.split(':');
  return action === 'write' ? [`${agent}:read`] : [];
}

/** What a key may do now: of its scopes those that its maker still has. */
export const scopesLeft = (scopes: readonly string[], maker: Pick<Actor, 'may'>): string[] =>
  scopes.filter((scope) => maker.may(scope));

/** When a key expires: each does. @throws Refusal INVALID_INPUT */
export function checkExpiry(asked: Date | null | undefined, now: Date): Date {
  if (!asked) return new Date(now.getTime() + DEFAULT_DAYS * DAY_MS);
  const days = (asked.getTime() - now.getTime()) / DAY_MS;
  if (days <= 0 || days > MAX_DAYS)
    throw refuse('INVALID_INPUT', `A key expires in the future, in ${MAX_DAYS} days at most.`, ['input', 'expiresAt']);
  return asked;
}
