/** Helpers that the tests of second factors share. */
import { expect } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import type { TestAgents } from '../../../tests/support/agents.ts';
import { codeOf, wrongCodeOf } from '../../../tests/support/authenticator.ts';
import { clientOf } from '../identity.testing.ts';

export const MINUTE = 60_000;
export const STEP = 30_000;

/** The codes of an answer's user errors. */
export const codesOf = ({ userErrors }: { userErrors: { code: string }[] }): string[] =>
  userErrors.map(({ code }) => code);

/** A client and strangers, with steps for second factors. */
export const secondFactorsOf = (agents: TestAgents) => {
  const client = clientOf(agents, { address: '203.0.113.7' });
  let strangers = 0;
  const rows = async (text: string, values: unknown[] = []) => (await raw(agents.kysely, text, values)).rows as any[];
  /** Verifies the address, as by the link in the mail. */
  const enroll = async (as: Actor, input: Record<string, unknown> = {}) => {
    await rows('update identity.account set email_verified_at = now() where id = $1', [as.id]);
    return client.mutate('enrollTotp', input, 'secret uri expiresAt', as);
  };
  const confirm = (code: string, as: Actor) => client.mutate('confirmTotp', { code }, 'recoveryCodes', as);
  const now = (secret: string, steps = 0) => codeOf(secret, agents.clock.now(), steps);
  return {
    client,
    rows,
    enroll,
    confirm,
    now,
    /** A stranger, each from a new address. */
    stranger: () => clientOf(agents, { address: `198.51.100.${++strangers}` }),
    wrong: (secret: string, n = 0) => wrongCodeOf(secret, agents.clock.now(), n),
    disable: (code: string, as: Actor) => client.mutate('disableTotp', { code }, 'done', as),
    mine: (as: Actor) => client.query('mySecondFactor', {}, 'confirmedAt recoveryCodesLeft', as),

    /** Adds a second factor, and waits for the next code. */
    async added(as: Actor): Promise<{ secret: string; recoveryCodes: string[] }> {
      const { secret } = await enroll(as);
      const { recoveryCodes, userErrors } = await confirm(now(secret), as);
      expect(userErrors).toEqual([]);
      agents.clock.advance(STEP);
      return { secret, recoveryCodes };
    },

    /** The challenge that a sign-in returns. */
    async challenged(email: string, from = client): Promise<string> {
      const answer = await from.signIn(email);
      expect(answer).toMatchObject({ accessToken: null, refreshToken: null, expiresAt: null, user: null });
      expect(codesOf(answer)).toEqual(['SECOND_FACTOR_REQUIRED']);
      return answer.userErrors[0].challenge;
    },

    /** The actions on a user in the audit log, the oldest first. */
    actionsOf: async (userId: string): Promise<string[]> =>
      (await rows('select action from identity.audit_entry where user_id = $1 order by position', [userId])).map(
        ({ action }) => action,
      ),
  };
};
