/** Challenges: after the first factor a client gets a challenge, good once, for the second factor of one account. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { type Refusal, refuse } from '../../../platform/errors.ts';
import type { Tables } from '../entities.ts';
import { hashOfToken, newRefreshToken } from '../sessions/refresh-token.ts';
import { CHALLENGE_MS } from './domain.ts';
import { SignInChallengeSchema } from './entities.ts';

const invalid = () =>
  refuse('INVALID_CHALLENGE', 'The challenge is not good, or no longer: sign in again.', ['input', 'challenge']);

export const challengesOf = ({ clock, store }: Pick<AgentContext<Tables>, 'clock' | 'store'>) => ({
  /** The refusal with a challenge, for a user with a second factor, within a transaction that holds the user's lock. */
  async askFor(work: Work<Tables>, userId: string): Promise<Refusal | undefined> {
    const factor = await work.sql
      .selectFrom('second_factor')
      .select('userId')
      .where('userId', '=', userId)
      .where('confirmedAt', 'is not', null)
      .executeTakeFirst();
    if (!factor) return undefined;
    const [challenge, now] = [newRefreshToken(), clock.now()];
    const expiresAt = new Date(now.getTime() + CHALLENGE_MS);
    const row = { hash: hashOfToken(challenge), userId, createdAt: now, expiresAt };
    await work.insert(SignInChallengeSchema, row);
    return refuse(
      'SECOND_FACTOR_REQUIRED',
      'This account has a second factor: call `completeSignIn` with the challenge and a code.',
      ['input'],
      { __typename: 'SecondFactorRequired', challenge, expiresAt },
    );
  },

  /** The user of a good challenge. @throws Refusal INVALID_CHALLENGE */
  async ownerOf(challenge: string): Promise<string> {
    const row = await store.read
      .selectFrom('sign_in_challenge')
      .select('userId')
      .where('hash', '=', hashOfToken(challenge))
      .where('expiresAt', '>', clock.now())
      .executeTakeFirst();
    if (!row) throw invalid();
    return row.userId;
  },

  /** Uses a challenge up. @throws Refusal INVALID_CHALLENGE if another request was faster, or it was withdrawn */
  async use({ sql }: Work<Tables>, challenge: string): Promise<void> {
    const used = sql.deleteFrom('sign_in_challenge').where('hash', '=', hashOfToken(challenge)).returning('userId');
    if (!(await used.executeTakeFirst())) throw invalid();
  },
});

export type Challenges = ReturnType<typeof challengesOf>;
