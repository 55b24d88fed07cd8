/** The common part of signing in by a provider and linking one: sending the user there, and handling the callback. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { Refusal, refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import type { Recorder } from '../audit/record.ts';
import type { IdentityVariables } from '../config.ts';
import type { Tables } from '../entities.ts';
import type { BeginProviderSignInInput, CompleteProviderSignInInput } from '../resolvers.generated.ts';
import type { Attempt, Completed, ProviderAttempts } from './attempts.ts';
import { callbackOf, type Vouched } from './domain.ts';
import { ProviderAway, ProviderRefusal } from './failures.ts';
import { type IdentityProvider, identityProvider } from './provider.ts';

/** A user who came back from a provider, with the attempt. */
export interface CameBack {
  provider: IdentityProvider;
  vouched: Vouched;
  attempt: Attempt;
}

/** The handlers of a callback. */
interface Then<T> {
  /** Handles the callback, and ends the attempt in the same transaction. */
  first(who: CameBack): Promise<T>;
  /** Repeats the answer of a callback that was handled, since the answer was lost. */
  again(completed: Completed): Promise<T>;
}

export const providerCallbacks = (
  agentContext: Pick<AgentContext<Tables, IdentityVariables>, 'clock' | 'config' | 'guards' | 'log' | 'store'>,
  { attempts, record }: { attempts: ProviderAttempts; record: Recorder },
) => {
  const { config, log, store } = agentContext;
  const providers = new Map(config.OIDC_PROVIDERS.map((one) => [one.id, identityProvider(one, agentContext)]));

  const known = (id: string, path: readonly string[]): IdentityProvider => {
    const provider = providers.get(id);
    if (!provider)
      throw refuse('NOT_FOUND', 'There is no such identity provider: `identityProviders` lists them.', path);
    return provider;
  };

  /** Ends an attempt and records the reason, unless it was completed and refused after that: by a second factor. */
  const refused = (attempt: Attempt, reason: string, context: RequestContext): Promise<void> =>
    store.write({ locks: [], origin: context }, async (work) => {
      if (!(await attempts.end(work, attempt))) return;
      const details = { provider: attempt.provider, reason };
      await record(work, context, { action: 'SIGN_IN_REFUSED', details });
    });

  const failed = async (error: unknown, attempt: Attempt, context: RequestContext): Promise<unknown> => {
    const { correlationId } = context;
    if (error instanceof ProviderRefusal) {
      log.warn({ provider: attempt.provider, reason: error.reason, correlationId, err: error }, 'not vouched for');
      await refused(attempt, error.reason, context);
      return refuse('PROVIDER_REFUSED', 'The identity provider did not vouch for you: begin anew.', ['input']);
    }
    if (error instanceof ProviderAway)
      log.warn({ provider: attempt.provider, correlationId, err: error }, 'identity provider gives no answer');
    if (error instanceof Refusal && !(error instanceof ProviderAway)) await refused(attempt, error.code, context);
    else await attempts.release(attempt, context);
    return error;
  };

  return {
    /** The configured providers. */
    list: (): { id: string; name: string }[] => [...providers.values()].map(({ id, name }) => ({ id, name })),

    /** @throws Refusal NOT_FOUND, INVALID_INPUT, PROVIDER_UNAVAILABLE */
    async begin(
      { provider: id, redirectUri }: BeginProviderSignInInput,
      sessionId: string | null,
      context: RequestContext,
    ) {
      const provider = known(id, ['input', 'provider']);
      if (!config.SIGN_IN_REDIRECT_URIS.includes(redirectUri)) {
        throw refuse('INVALID_INPUT', 'This page is none that may be led back to: SIGN_IN_REDIRECT_URIS lists them.', [
          'input',
          'redirectUri',
        ]);
      }
      const { url, checks } = await provider.begin(redirectUri).catch((error: unknown) => {
        log.warn({ provider: id, correlationId: context.correlationId, err: error }, 'identity provider is away');
        throw error;
      });
      const begun = await attempts.begin({ provider: id, redirectUri, checks, sessionId }, context);
      return { authorizationUrl: url.href, ...begun };
    },

    /** Handles a callback for the client that began its attempt. An attempt is good once. */
    async complete<T>(
      { attemptToken, callbackUrl }: CompleteProviderSignInInput,
      sessionId: string | null,
      context: RequestContext,
      then: Then<T>,
    ): Promise<T> {
      const found = await attempts.find(attemptToken, callbackUrl, sessionId);
      if ('identityId' in found) return then.again(found);
      const provider = known(found.provider, ['input', 'attemptToken']);
      const callback = callbackOf(callbackUrl, found.redirectUri);
      await attempts.claim(found, context);
      try {
        return await then.first({
          provider,
          vouched: await provider.complete(callback, found.checks),
          attempt: found,
        });
      } catch (error) {
        throw await failed(error, found, context);
      }
    },
  };
};

export type ProviderCallbacks = ReturnType<typeof providerCallbacks>;
