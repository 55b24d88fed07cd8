import type { ServerResponse } from 'node:http';
import type { Limit, Taken } from '../../platform/cluster/limiter.ts';

/** Result of counting against a rate limit. */
export interface ToldRate {
  policy: string;
  limit: Limit;
  taken: Taken;
}

/**
 * Tells a client over HTTP how much it has left, so that it can slow down by itself: `RateLimit-Policy` and `RateLimit`
 * of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (version 10).
 */
export function rateHeaders(response: ServerResponse): (told: ToldRate) => void {
  const policies: string[] = [];
  const limits: string[] = [];
  return ({ policy, limit: { capacity, perSeconds }, taken: { remaining, resetSeconds } }) => {
    policies.push(`"${policy}";q=${capacity};w=${perSeconds}`);
    limits.push(`"${policy}";r=${remaining};t=${resetSeconds}`);
    if (response.headersSent) return;
    response.setHeader('ratelimit-policy', policies.join(', '));
    response.setHeader('ratelimit', limits.join(', '));
  };
}
