/**
 * Composition keeps only the name of a scalar, so a schema that was built from a supergraph accepts anything as, say, a
 * CurrencyCode. The gateway takes over how the agents read it: then what is wrong is refused before anything runs, with
 * the standard error of validation or of variables.
 */
import { type GraphQLSchema, isScalarType, isSpecifiedScalarType } from 'graphql';

/** Gives the scalars of `schema` the parsers of the same scalars of `sources`; the first that has one counts. */
export function adoptScalars(schema: GraphQLSchema, sources: readonly GraphQLSchema[]): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isScalarType(type) || isSpecifiedScalarType(type)) continue;
    const source = sources.map((candidate) => candidate.getType(type.name)).find(isScalarType);
    if (!source) continue;
    type.parseValue = source.parseValue;
    type.parseLiteral = source.parseLiteral;
  }
}
