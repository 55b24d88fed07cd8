/**
 * Deny by default: every root field and every object type must have a decision, so that a forgotten one stops the start
 * (and the lint) instead of granting access.
 */
import {
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import { type DecisionTable, isGuarded } from './decision.ts';

/** The problems with the decisions of a schema, a sentence each. Empty when there are none. */
export function decisionProblems(schema: GraphQLSchema, decisions: DecisionTable): string[] {
  const problems: string[] = [];
  const undecided: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type)) continue;
    if (isInterfaceType(type)) problems.push(...onInterface(type.name, Object.keys(type.getFields()), decisions));
    if (!isObjectType(type)) continue;
    if (isRoot(schema, type)) {
      if (decisions.has(type.name)) problems.push(`${type.name} is a root type: its fields decide, not the type.`);
      undecided.push(...coordinates(type).filter((coordinate) => !decisions.has(coordinate)));
    } else {
      if (!decisions.has(type.name)) undecided.push(type.name);
      if (isGuarded(decisions.get(type.name))) problems.push(...widened(type, decisions));
    }
  }
  if (undecided.length > 0) {
    problems.push(
      `No decision about who may see ${undecided.sort().join(', ')}: ` +
        'declare @public, @authenticated, @requiresScopes or @policy.',
    );
  }
  return problems;
}

/**
 * Checks the decisions of a schema.
 * @throws Error that names every coordinate without a decision or with a wrong one
 */
export function requireDecisions(schema: GraphQLSchema, decisions: DecisionTable): void {
  const problems = decisionProblems(schema, decisions);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** Whether the type is the root of queries, mutations or subscriptions. */
export const isRoot = (schema: GraphQLSchema, type: GraphQLObjectType): boolean =>
  type === schema.getQueryType() || type === schema.getMutationType() || type === schema.getSubscriptionType();

const coordinates = (type: GraphQLObjectType): string[] =>
  Object.keys(type.getFields()).map((field) => `${type.name}.${field}`);

const onInterface = (name: string, fields: string[], decisions: DecisionTable): string[] =>
  [name, ...fields.map((field) => `${name}.${field}`)]
    .filter((coordinate) => decisions.has(coordinate))
    .map((coordinate) => `${coordinate} is of an interface, which carries no decision: its implementers do.`);

/** Fields that are `@public` in a guarded type: a field may narrow its type's decision, but cannot widen it. */
const widened = (type: GraphQLObjectType, decisions: DecisionTable): string[] =>
  coordinates(type)
    .filter((coordinate) => decisions.get(coordinate)?.public)
    .map((coordinate) => `${coordinate} is @public, but its type ${type.name} is not: a field can only narrow.`);
