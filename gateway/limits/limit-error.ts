import { GraphQLError } from 'graphql';
import { refused } from './refused.ts';
import type { DocumentLimits } from './limits.ts';

/** Each limit in words. */
const WORDS: Record<keyof DocumentLimits, string> = {
  characters: 'characters',
  tokens: 'tokens',
  brackets: 'brackets within one another',
  depth: 'fields within one another, with its fragments written out',
  aliases: 'aliases and repeated fields',
  directives: 'directives',
  fragments: 'fragments',
  rootFields: 'fields at its root',
  fields: 'fields, with its fragments written out',
  variableValues: 'values in its variables',
  variableDepth: 'lists and objects within one another in its variables',
};

/** A request is larger than we take. It is refused before anything of it is executed, whatever the client accepts. */
export const limitError = (limit: keyof DocumentLimits, allowed: number): GraphQLError =>
  new GraphQLError(
    `The operation has more than ${allowed.toLocaleString('en')} ${WORDS[limit]}: ask for less at once, in several requests.`,
    { extensions: { code: 'OPERATION_TOO_LARGE', limit, allowed, http: refused() } },
  );
