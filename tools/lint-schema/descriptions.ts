/** Lint of descriptions: every element has one, for the graph is its users' documentation. */
import type { InputValueDefinitionNode, StringValueNode } from 'graphql';
import { type Graph, has, keyFields, type Problem, ROOTS, type TypeIn } from './graph.ts';

export function descriptions(graph: Graph): Problem[] {
  return graph.types.flatMap((type) =>
    elements(type, graph)
      .filter(([, description]) => !description?.value.trim())
      .map(([coordinate]) => ({
        room: type.room,
        coordinate,
        message: 'has no description: write one, in a sentence, above it.',
      })),
  );
}

type Element = [coordinate: string, description: StringValueNode | undefined];

function elements(type: TypeIn, graph: Graph): Element[] {
  const { name, description, extension } = type;
  const owner = graph.ownerOf(name);
  const isForeign = owner !== undefined && owner !== type.room;
  const described = isForeign || extension || ROOTS.has(name) ? [] : [[name, description] satisfies Element];
  const keys = isForeign ? keyFields(type) : new Set<string>();
  return [
    ...described,
    ...type.values.map((value): Element => [`${name}.${value.name}`, value.description]),
    ...type.inputs.map((input): Element => [`${name}.${input.name.value}`, input.description]),
    ...type.fields
      .filter((field) => !keys.has(field.name.value) && !has(field, 'external'))
      .flatMap((field): Element[] => {
        const coordinate = `${name}.${field.name.value}`;
        const isTold = (argument: InputValueDefinitionNode): boolean => argument.name.value === 'input';
        const told = (field.arguments ?? []).filter((argument) => !isTold(argument)); // Its type says what it is.
        return [
          [coordinate, field.description],
          ...told.map((argument): Element => [`${coordinate}(${argument.name.value}:)`, argument.description]),
        ];
      }),
  ];
}
