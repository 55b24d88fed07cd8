/** Lint of lists: every list is bounded, at the root as a connection or by a stated maximum. */
import type { FieldDefinitionNode } from 'graphql';
import { type Graph, isList, namedType, type Problem } from './graph.ts';

export function lists(graph: Graph): Problem[] {
  return graph.types
    .filter(({ name }) => name === 'Query')
    .flatMap(({ room, fields }) =>
      fields.flatMap((field) => {
        const message = wrong(field);
        return message ? [{ room, coordinate: `Query.${field.name.value}`, message }] : [];
      }),
    );
}

function wrong(field: FieldDefinitionNode): string | undefined {
  const args = field.arguments ?? [];
  if (isList(field.type)) {
    const isBounded = [field, ...args].some(({ description }) => /\bat most\b/i.test(description?.value ?? ''));
    return isBounded
      ? undefined
      : 'is a list without an end: make it a connection, or say "at most <n>" in its description (and hold it).';
  }
  if (!namedType(field.type).endsWith('Connection')) return undefined;
  const missing = ['first', 'after'].filter((name) => !args.some((argument) => argument.name.value === name));
  if (missing.length > 0)
    return `is a connection, so it takes \`first: Int\` and \`after: String\`: add ${missing.join(' and ')}.`;
  return undefined;
}
