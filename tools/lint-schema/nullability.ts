/**
 * Lint of nullability: one agent down, or one denial, costs its field and not the page, so a field that another agent
 * resolves, or the gate may deny, must be nullable (design.md §3).
 */
import { type FieldDefinitionNode, Kind, type TypeNode } from 'graphql';
import { type Graph, has, keyFields, namedType, type Problem, type TypeIn } from './graph.ts';

export function nullability(graph: Graph): Problem[] {
  return graph.types
    .filter((type) => type.kind === 'object' || type.kind === 'interface')
    .flatMap((type) =>
      type.fields.flatMap((field) => {
        const message = wrong(type, field, graph);
        return message
          ? [
              {
                room: type.room,
                coordinate: `${type.name}.${field.name.value}`,
                message: `${message}: drop the exclamation mark.`,
              },
            ]
          : [];
      }),
    );
}

function wrong(type: TypeIn, field: FieldDefinitionNode, graph: Graph): string | undefined {
  if (has(field, 'external') || keyFields(type).has(field.name.value)) return undefined;
  const isRequired = field.type.kind === Kind.NON_NULL_TYPE;
  if (type.name === 'Query' || type.name === 'Mutation') {
    // An internal field is asked alone, by an agent.
    return isRequired && !has(field, 'inaccessible')
      ? 'a root field may be denied, and must not take the others with it'
      : undefined;
  }
  const owner = graph.ownerOf(type.name);
  if (isRequired && owner !== undefined && owner !== type.room)
    return `${type.name} is ${owner}'s and must survive without ${type.room}`;
  const target = graph.ownerOf(namedType(field.type));
  if (target !== undefined && target !== type.room && !mayBeNull(field.type)) {
    return `${namedType(field.type)} is ${target}'s, and what stands around it must survive without ${target}`;
  }
  return undefined;
}

/** Whether a null can stop somewhere between the field and the object. */
const mayBeNull = (type: TypeNode): boolean =>
  type.kind !== Kind.NON_NULL_TYPE || (type.type.kind === Kind.LIST_TYPE && mayBeNull(type.type.type));
