import { GraphQLError } from 'graphql';
import type { Limit, Taken } from '../../platform/cluster/limiter.ts';

/** Error of a rate limit that is exceeded. Nothing was executed. */
export const rateError = (
  policy: string,
  { capacity, perSeconds }: Limit,
  { retryAfterSeconds }: Taken,
): GraphQLError =>
  new GraphQLError(
    `Too many ${policy.replaceAll('-', ' ')}: ${capacity} in ${perSeconds} seconds are allowed. Nothing was executed: ` +
      `try again in ${retryAfterSeconds} s.`,
    {
      extensions: {
        code: 'RATE_LIMITED',
        policy,
        retryAfterSeconds,
        http: { status: 429, spec: false, headers: { 'retry-after': String(retryAfterSeconds) } },
      },
    },
  );
