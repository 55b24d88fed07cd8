/** Failures of a provider: a refusal, or no answer. */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { Refusal } from '../../../platform/errors.ts';

/** The provider or its answer does not vouch for the user. Reason, a code, and cause are for the log. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  readonly reason: string;

  constructor(reason: string, cause?: ClientError) {
    super(`The identity provider's answer is refused: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** No answer of the provider. It is a user error: the user may try again, or sign in another way. */
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

/** Codes of openid-client for an answer that must not be believed. */
const UNBELIEVED = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_PARSE_ERROR',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
]);

/** The refusal for an error of openid-client; undefined if there was no answer. */
export function refusalIn(error: unknown): ProviderRefusal | undefined {
  // Their causes hold the answer to the letter, which must not be logged.
  if (error instanceof AuthorizationResponseError) return new ProviderRefusal(codeOf(error.error));
  if (error instanceof ResponseBodyError && error.status < 500) return new ProviderRefusal(codeOf(error.error));
  if (error instanceof ClientError && UNBELIEVED.has(error.code ?? '')) return new ProviderRefusal(error.code!, error);
  return undefined;
}

/** A code from outside, if it looks like one of OAuth's. */
const codeOf = (code: string): string => (/^[\w.-]{1,60}$/.test(code) ? code : 'unknown');
