import type { ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import { respondJson } from '../../platform/http/respond-json.ts';

/** Answers a GraphQL request that cannot be begun. */
export const respondErrors = (
  response: ServerResponse,
  status: number,
  errors: readonly GraphQLError[],
  headers: Record<string, string> = {},
): void => respondJson(response, status, { errors }, headers);
