import { type ExecutionResult, GraphQLError } from 'graphql';

/** Errors without what they say to the HTTP server alone, which takes it out itself: a status, headers. */
export const withoutHttp = (errors: readonly GraphQLError[]): GraphQLError[] =>
  errors.map((error) => {
    if (error.extensions.http === undefined) return error;
    const { http: _, ...extensions } = error.extensions;
    const { message, nodes, source, positions, path } = error;
    return new GraphQLError(message, { nodes, source, positions, path, extensions });
  });

/** The same of a result. */
export const resultWithoutHttp = <T extends ExecutionResult>(result: T): T =>
  result.errors?.some(({ extensions }) => extensions.http !== undefined)
    ? { ...result, errors: withoutHttp(result.errors) }
    : result;
