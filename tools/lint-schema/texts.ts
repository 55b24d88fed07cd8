/**
 * Lint of texts: every text that a mutation takes has a limit, declared where the text is: `@name`, `@text` or
 * `@opaque`.
 */
import type { InputValueDefinitionNode } from 'graphql';
import { TEXT_LIMITS } from '../../platform/graphql/text-limit.ts';
import { type Graph, has, namedType, type Problem } from './graph.ts';

/** The idempotency key has a rule of its own (platform/data/idempotency.ts). */
const IDEMPOTENCY_KEY = 'idempotencyKey';

const WHICH =
  '@name (one line), @text (any number of lines) or @opaque(max:) (a token, a code: what a machine made and is given back)';

/** Texts without a limit, and limits of fields that are no texts. */
export function texts(graph: Graph): Problem[] {
  const taken = takenByMutations(graph);
  return places(graph).flatMap(({ room, type, coordinate, field }) => {
    const message = wrong(field, taken.has(type));
    return message ? [{ room, coordinate, message }] : [];
  });
}

/** A place where a limit may stand: an argument, or the field of an input. */
interface Place {
  room: string;
  /** The type that the field belongs to: the input, or the root. */
  type: string;
  coordinate: string;
  field: InputValueDefinitionNode;
}

const places = ({ types }: Graph): Place[] =>
  types.flatMap(({ room, name: type, inputs, fields }) => [
    ...inputs.map((field) => ({ room, type, coordinate: `${type}.${field.name.value}`, field })),
    ...fields.flatMap(({ name, arguments: args = [] }) =>
      args.map((field) => ({ room, type, coordinate: `${type}.${name.value}(${field.name.value}:)`, field })),
    ),
  ]);

/** The inputs that mutations take, nested ones included, and the root itself. */
function takenByMutations({ types }: Graph): Set<string> {
  const taken = new Set(['Mutation']);
  const take = (name: string): void => {
    if (taken.has(name)) return;
    taken.add(name);
    for (const { inputs } of types.filter((type) => type.name === name && type.kind === 'input'))
      for (const field of inputs) take(namedType(field.type));
  };
  for (const { fields } of types.filter(({ name }) => name === 'Mutation'))
    for (const { arguments: args = [] } of fields) for (const { type } of args) take(namedType(type));
  return taken;
}

function wrong(field: InputValueDefinitionNode, isOfMutation: boolean): string | undefined {
  const isText = namedType(field.type) === 'String';
  const limit = TEXT_LIMITS.find((name) => has(field, name));
  if (limit) return isText ? undefined : `has @${limit}, which limits a String.`;
  const isLimited = !isText || !isOfMutation || field.name.value === IDEMPOTENCY_KEY;
  return isLimited ? undefined : `is a text without a limit: declare one of ${WHICH}.`;
}
