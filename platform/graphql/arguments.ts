import { GraphQLError } from 'graphql';

/** The error of arguments that make no sense: of a query, which has no user errors. */
export const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

/** Checks that exactly one of these arguments is given. @throws GraphQLError BAD_USER_INPUT */
export function checkOneOf(given: Record<string, unknown>): void {
  if (Object.values(given).filter((value) => value != null).length === 1) return;
  const names = Object.keys(given).map((name) => `\`${name}\``);
  throw badInput(`Give exactly one of ${names.join(' and ')}.`);
}

/** Checks that a list argument is no longer than this. @throws GraphQLError BAD_USER_INPUT */
export function checkSize(list: readonly unknown[] | null | undefined, max: number, name: string): void {
  if (list && list.length > max) throw badInput(`\`${name}\` holds at most ${max} values.`);
}
