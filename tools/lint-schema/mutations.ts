/** Lint of mutations: all are alike, with one input, and a payload that can say no. */
import { type FieldDefinitionNode, print } from 'graphql';
import { type Graph, isList, namedType, type Problem } from './graph.ts';
import { VERBS } from './verbs.ts';

export function mutations(graph: Graph): Problem[] {
  return graph.types
    .filter(({ name }) => name === 'Mutation')
    .flatMap(({ room, fields }) =>
      fields.flatMap((field) =>
        wrong(field, room, graph).map((message) => ({ room, coordinate: `Mutation.${field.name.value}`, message })),
      ),
    );
}

function wrong(field: FieldDefinitionNode, room: string, graph: Graph): string[] {
  const problems: string[] = [];
  const args = field.arguments ?? [];
  // A mutation may take no argument, as signing out does.
  if (
    args.length > 1 ||
    args.some((argument) => argument.name.value !== 'input' || !print(argument.type).endsWith('!'))
  ) {
    problems.push('takes one argument, `input: <Name>Input!`: put the others into it.');
  }
  const payload = graph.types.find(
    (type) => type.name === namedType(field.type) && type.room === room && type.kind === 'object',
  );
  const userErrors = payload?.fields.find(({ name }) => name.value === 'userErrors');
  if (isList(field.type) || !userErrors || print(userErrors.type) !== '[UserError!]!') {
    problems.push('answers with a payload, an object that has `userErrors: [UserError!]!` beside what was changed.');
  }
  const [verb = ''] = /^[a-z]+/.exec(field.name.value) ?? [];
  if (!VERBS.has(verb))
    problems.push(`begins with "${verb}": begin with a verb. If it is one, add it to tools/lint-schema/verbs.ts.`);
  return problems;
}
