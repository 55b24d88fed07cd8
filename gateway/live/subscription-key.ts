import { type DocumentNode, getOperationAST, Kind } from 'graphql';
import type { Asked } from '../operations/operation.ts';
import { queryHash } from '../execution/query-hash.ts';
import { withDefaults } from '../execution/with-defaults.ts';
import type { Audience } from './audience.ts';
import type { Shape } from './shape.ts';

/** Key of a subscription: subscribers with one group key share an execution from some event on. */
export interface SubscriptionKey {
  /** Equal for subscribers with the same document, variables and audience. */
  groupKey: string;
  /** The cursor to resume after; null: the subscription begins now. */
  resumeAfter: string | null;
}

/** The key of this operation, for this audience. */
export function subscriptionKeyOf(
  { document, operationName, variables }: Asked,
  { after, afterVariable }: Shape,
  audience: Audience,
): SubscriptionKey {
  const given = withDefaults(document, operationName, variables);
  const names = declaredIn(document, operationName).filter((name) => name !== afterVariable);
  const values = names.map((name) => [name, canonical(given[name])]);
  let start: unknown = null;
  if (after?.kind === Kind.VARIABLE) start = given[after.name.value];
  else if (after?.kind === Kind.STRING) start = after.value;
  return {
    groupKey: JSON.stringify([queryHash(document), operationName ?? '', values, audience]),
    resumeAfter: typeof start === 'string' ? start : null,
  };
}

const declaredIn = (document: DocumentNode, operationName: string | null | undefined): string[] =>
  (getOperationAST(document, operationName)?.variableDefinitions ?? []).map(({ variable }) => variable.name.value);

/** Canonical form: the same for equal values, in whatever order an object's fields were sent. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, inner]) => [key, canonical(inner)] as const);
  return { fields: fields.sort(([a], [b]) => (a < b ? -1 : 1)) };
}
