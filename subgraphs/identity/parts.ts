/** The parts that the capabilities of this room share: made once, for all of them. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { accountsOf } from './accounts.ts';
import { recorder } from './audit/record.ts';
import { callersOf } from './callers.ts';
import type { IdentityVariables } from './config.ts';
import type { Tables } from './entities.ts';
import { recoveryTokens } from './recovery/tokens.ts';
import { challengesOf } from './second-factor/challenges.ts';
import { sessionOpener } from './sessions/open-session.ts';
import { attemptsOf } from './sign-in/attempts.ts';

export const identityParts = (agentContext: AgentContext<Tables, IdentityVariables>) => {
  const accounts = accountsOf(agentContext);
  const attempts = attemptsOf(agentContext);
  const record = recorder(agentContext);
  const challenges = challengesOf(agentContext);
  return {
    accounts,
    attempts,
    record,
    challenges,
    sessions: sessionOpener(agentContext, { accounts, attempts, record, challenges }),
    callers: callersOf(agentContext),
    recovery: recoveryTokens(agentContext),
  };
};

export type IdentityParts = ReturnType<typeof identityParts>;
