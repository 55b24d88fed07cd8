/** Proof of the second factor: every code is good once, and every attempt is counted before the code is checked. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import type { Recorder } from '../audit/record.ts';
import type { Callers } from '../callers.ts';
import { emailKey } from '../domain.ts';
import type { AccountRow, Tables } from '../entities.ts';
import type { SignInAttempts } from '../sign-in/attempts.ts';
import { readCode, type Typed } from './domain.ts';
import { hashOfRecoveryCode } from './recovery-codes.ts';
import { stepOf } from './totp.ts';

/** The kind of code that proved it. */
export type ProvenBy = Typed['kind'];

/** The context with which a secret is sealed. */
export const sealedFor = (userId: string): string => `totp:${userId}`;

/** The refusal of a code, the same for every reason. */
export const wrongCode = () =>
  refuse('INVALID_SECOND_FACTOR', 'The code is wrong, was used before, or is too old: take the one of now.', [
    'input',
    'code',
  ]);

type ProofContext = Pick<AgentContext<Tables>, 'store' | 'clock' | 'secrets'>;

export const proofOf = (
  { store, clock, secrets }: ProofContext,
  { attempts, callers, record }: { attempts: SignInAttempts; callers: Callers; record: Recorder },
) => {
  const factorOf = (sql: Work<Tables>['sql'], userId: string) =>
    sql
      .selectFrom('second_factor')
      .select(['secret', 'lastStep', 'recoverySalt'])
      .where('userId', '=', userId)
      .where('confirmedAt', 'is not', null)
      .executeTakeFirst();

  /** Uses up a code of the app, if it is right. */
  const useCode = async ({ sql }: Work<Tables>, userId: string, code: string): Promise<boolean> => {
    const factor = await factorOf(sql, userId);
    const step = factor && stepOf(secrets.open(factor.secret, sealedFor(userId)), code, clock.now(), factor.lastStep);
    if (step === undefined) return false;
    const update = sql.updateTable('second_factor').set({ lastStep: step }).where('userId', '=', userId);
    const used = update.where('lastStep', '<', step).returning('userId');
    return (await used.executeTakeFirst()) !== undefined;
  };

  const useRecoveryCode = async ({ sql }: Work<Tables>, userId: string, hash: string): Promise<boolean> => {
    const update = sql.updateTable('recovery_code').set({ usedAt: clock.now() }).where('userId', '=', userId);
    const used = update.where('hash', '=', hash).where('usedAt', 'is', null).returning('hash');
    return (await used.executeTakeFirst()) !== undefined;
  };

  /**
   * Runs work in one transaction with the use of a code. Wrong codes stay counted until a right one, across challenges
   * and sessions: a new password does not reset the count either.
   * @throws Refusal INVALID_INPUT, INVALID_SECOND_FACTOR, TOO_MANY_ATTEMPTS
   */
  return async <T>(
    user: AccountRow,
    text: string,
    context: RequestContext,
    then: (work: Work<Tables>, by: ProvenBy) => Promise<T>,
  ): Promise<T> => {
    const { kind, code } = readCode(text);
    const attempt = await attempts.begin(`second factor ${user.id}`, context, emailKey(user.email));
    const salt = kind === 'RECOVERY_CODE' ? (await factorOf(store.read, user.id))?.recoverySalt : undefined;
    const hash = salt && (await hashOfRecoveryCode(code, salt));
    const outcome = await callers.change({ of: user.id }, context, async (work) => {
      const isRight =
        kind === 'TOTP' ? await useCode(work, user.id, code) : hash && (await useRecoveryCode(work, user.id, hash));
      if (isRight) {
        await attempts.takeBack(work, attempt);
        return { value: await then(work, kind) };
      }
      await record(work, context, { action: 'SECOND_FACTOR_REFUSED', userId: user.id, details: { kind } });
      return undefined;
    });
    if (!outcome) throw wrongCode();
    return outcome.value;
  };
};

export type Prove = ReturnType<typeof proofOf>;
