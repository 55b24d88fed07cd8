/** Lint of names: types in PascalCase, fields and arguments in camelCase, values of enumerations in capitals. */
import { type Graph, type Problem, ROOTS, type TypeIn } from './graph.ts';

const PASCAL = /^[A-Z][A-Za-z\d]*$/;
const CAMEL = /^[a-z][A-Za-z\d]*$/;
const CAPITALS = /^[A-Z][A-Z\d]*(_[A-Z\d]+)*$/;

export const names = (graph: Graph): Problem[] =>
  graph.types.flatMap((type) =>
    elements(type)
      .filter(([, name, pattern]) => !pattern.test(name))
      .map(([coordinate, , pattern, wanted]) => ({
        room: type.room,
        coordinate,
        message: `is not ${wanted} (${pattern.source}): rename it.`,
      })),
  );

type Element = [coordinate: string, name: string, pattern: RegExp, wanted: string];

const elements = (type: TypeIn): Element[] => [
  ...(ROOTS.has(type.name) ? [] : [[type.name, type.name, PASCAL, 'in PascalCase'] satisfies Element]),
  ...type.values.map(({ name }): Element => [`${type.name}.${name}`, name, CAPITALS, 'in capitals']),
  ...type.inputs.map(({ name }): Element => [`${type.name}.${name.value}`, name.value, CAMEL, 'in camelCase']),
  ...type.fields.flatMap((field): Element[] => [
    [`${type.name}.${field.name.value}`, field.name.value, CAMEL, 'in camelCase'],
    ...(field.arguments ?? []).map(
      ({ name }): Element => [`${type.name}.${field.name.value}(${name.value}:)`, name.value, CAMEL, 'in camelCase'],
    ),
  ]),
];
