/**
 * Composition keeps only the name of a scalar, so a schema that was built from a supergraph accepts anything as, say, a
 * CurrencyCode. The gateway reads and writes scalars as the agents do, so a wrong value is refused before anything runs.
 */
import { type GraphQLScalarType, type GraphQLSchema, isScalarType, isSpecifiedScalarType } from 'graphql';

/** Finds how a scalar is read, by its name. Undefined: the scalar is unknown, and takes anything. */
export type ScalarSource = (name: string) => GraphQLScalarType | undefined;

/** Gives the scalars of `schema` the parsers and serialisers of the source. */
export function adoptScalars(schema: GraphQLSchema, source: ScalarSource): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isScalarType(type) || isSpecifiedScalarType(type)) continue;
    const known = source(type.name);
    if (!known) continue;
    type.parseValue = known.parseValue;
    type.parseLiteral = known.parseLiteral;
    type.serialize = known.serialize;
  }
}

/** The scalars of these schemas; the first that has one counts. */
export const scalarsOf =
  (schemas: readonly GraphQLSchema[]): ScalarSource =>
  (name) =>
    schemas.map((schema) => schema.getType(name)).find(isScalarType);
