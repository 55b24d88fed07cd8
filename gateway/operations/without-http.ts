import { type ExecutionResult, GraphQLError } from 'graphql';

/** Errors without the parts for the HTTP server alone, a status and headers, which that removes itself. */
export const withoutHttp = (errors: readonly GraphQLError[]): GraphQLError[] =>
  errors.map((error) => {
    if (error.extensions.http === undefined) return error;
    const { http: _, ...extensions } = error.extensions;
    const { message, nodes, source, positions, path } = error;
    return new GraphQLError(message, { nodes, source, positions, path, extensions });
  });

/** A result without those parts. */
export const resultWithoutHttp = <T extends ExecutionResult>(result: T): T =>
  result.errors?.some(({ extensions }) => extensions.http !== undefined)
    ? { ...result, errors: withoutHttp(result.errors) }
    : result;
