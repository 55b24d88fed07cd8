/** What may come of asking a provider, other than an answer that vouches for somebody. */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { Refusal } from '../../../platform/errors.ts';

/** The provider, or what it says, does not vouch for who came back. The reason is a code, for the log; so is the cause. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  readonly reason: string;

  constructor(reason: string, cause?: ClientError) {
    super(`The identity provider's answer is refused: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** No answer of the provider. Whoever signs in may try again, or sign in another way: a user error. */
export class ProviderAway extends Refusal {
  constructor({ name }: { name: string }, cause: unknown) {
    super([
      {
        code: 'PROVIDER_UNAVAILABLE',
        message: `${name} gives no answer now: try again in a minute, or sign in another way.`,
        path: ['input'],
      },
    ]);
    this.cause = cause;
  }
}

/** Codes of openid-client for an answer that came, and is not to be believed. */
const UNBELIEVED = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_PARSE_ERROR',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
]);

/** The refusal that an error of openid-client is; undefined if it says that there was no answer. */
export function refusalIn(error: unknown): ProviderRefusal | undefined {
  // Their causes hold what came, to the letter: that is not for the log.
  if (error instanceof AuthorizationResponseError) return new ProviderRefusal(codeOf(error.error));
  if (error instanceof ResponseBodyError && error.status < 500) return new ProviderRefusal(codeOf(error.error));
  if (error instanceof ClientError && UNBELIEVED.has(error.code ?? '')) return new ProviderRefusal(error.code!, error);
  return undefined;
}

/** What came from outside, as far as it looks like one of OAuth's codes. */
const codeOf = (code: string): string => (/^[\w.-]{1,60}$/.test(code) ? code : 'unknown');
