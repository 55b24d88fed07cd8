/** The rules of API keys. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../../platform/errors.ts';
import { checkAll } from '../../../platform/graphql/refusals.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import type { ApiKeyRow } from './entities.ts';

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

/** The time for which a new secret is kept, sealed, for a repetition of the request whose answer was lost. */
export const REPEATABLE_MS = 10 * 60_000;
/** The longest overlap of a rotation: a week. */
const MAX_OVERLAP_SECONDS = 604_800;

/** When the previous secret of a key that is rotated now ends, at the key's own end at the latest. @throws Refusal INVALID_INPUT */
export function checkOverlap(seconds: number, now: Date): (expiresAt: Date) => Date {
  if (seconds < 0 || seconds > MAX_OVERLAP_SECONDS)
    throw refuse('INVALID_INPUT', `The overlap is 0 to ${MAX_OVERLAP_SECONDS} seconds: a week at most.`, [
      'input',
      'overlapSeconds',
    ]);
  return (expiresAt) => new Date(Math.min(now.getTime() + seconds * 1000, expiresAt.getTime()));
}

/** Whether a key is neither revoked nor expired. */
export const isLiving = ({ revokedAt, expiresAt }: Pick<ApiKeyRow, 'revokedAt' | 'expiresAt'>, now: Date): boolean =>
  !revokedAt && expiresAt > now;

/** Whether a key's previous secret is valid beside the newest one. */
export const isInOverlap = ({ previousExpiresAt }: Pick<ApiKeyRow, 'previousExpiresAt'>, now: Date): boolean =>
  previousExpiresAt !== null && previousExpiresAt > now;

/** The previous secret of a key, as the graph shows it, while it is valid; null otherwise. */
export const previousSecretOf = (key: ApiKeyRow, now: Date) =>
  isInOverlap(key, now)
    ? { hint: key.previousHint!, expiresAt: key.previousExpiresAt!, lastUsedAt: key.previousLastUsedAt }
    : null;

/**
 * Checks that a key can get a new secret. During an overlap it cannot: of three secrets the one that is in use would end.
 * @throws Refusal INVALID_STATE
 */
export function checkRotatable(key: Pick<ApiKeyRow, 'revokedAt' | 'expiresAt' | 'previousExpiresAt'>, now: Date): void {
  const path = ['input', 'id'];
  if (!isLiving(key, now))
    throw refuse('INVALID_STATE', 'The key has expired or was revoked: create another with `createApiKey`.', path);
  if (isInOverlap(key, now))
    throw refuse(
      'INVALID_STATE',
      `The key was rotated already, and its previous secret is valid until ${key.previousExpiresAt!.toISOString()}: wait, ` +
        'or end that one with `revokeApiKeyPreviousSecret`.',
      path,
    );
}

/** The expiry of a key; every key has one. @throws Refusal INVALID_INPUT */
export function checkExpiry(asked: Date | null | undefined, now: Date): Date {
  if (!asked) return new Date(now.getTime() + DEFAULT_DAYS * DAY_MS);
  const days = (asked.getTime() - now.getTime()) / DAY_MS;
  if (days <= 0 || days > MAX_DAYS)
    throw refuse('INVALID_INPUT', `A key expires in the future, in ${MAX_DAYS} days at most.`, ['input', 'expiresAt']);
  return asked;
}
