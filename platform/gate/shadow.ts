/**
 * The shadow of a schema: the same types, where every field answers "allowed", behind graphql-shield. Resolving a field
 * of the shadow runs its rules, and nothing else.
 */
import { buildSchema, type GraphQLObjectType, type GraphQLSchema, isObjectType, printSchema } from 'graphql';
import type { Actor } from '../identity/actor.ts';
import type { DecisionTable } from './decision.ts';
import { type RuleContext, type RuleOptions, ruleTree } from './rules.ts';
import { allow, applyMiddleware, shield } from './shield.ts';

/** Asks whether the actor may see a field. */
export type Ask = (typeName: string, fieldName: string) => Promise<boolean>;

const ALLOWED = Symbol('allowed');
const DENIED = new Error('denied');
const resolveAllowed = (): symbol => ALLOWED;

/**
 * Builds the shadow.
 * @returns a function that creates an {@link Ask} for one check of an actor; rules' results are cached within it alone
 * @throws Error if shield does not guard a field that has a rule
 */
export function shadowOf(schema: GraphQLSchema, decisions: DecisionTable, options: RuleOptions): (actor: Actor) => Ask {
  const tree = ruleTree(schema, decisions, options);
  const shadow = buildSchema(printSchema(schema), { assumeValid: true });
  for (const type of objectTypes(shadow))
    for (const field of Object.values(type.getFields())) field.resolve = resolveAllowed;
  const guarded = applyMiddleware(
    shadow,
    // A field without a rule is public by declaration: decisions.ts has refused any without a decision.
    shield(tree, { fallbackRule: allow, fallbackError: () => DENIED, debug: false }),
  );
  requireShield(guarded, tree as Record<string, object>);

  return (actor) => {
    const context: RuleContext = { actor };
    return async (typeName, fieldName) => {
      const field = (guarded.getType(typeName) as GraphQLObjectType).getFields()[fieldName]!;
      try {
        return (await field.resolve!(undefined, {}, context, undefined as never)) === ALLOWED;
      } catch (error) {
        options.onError(error, `${typeName}.${fieldName}`);
        return false;
      }
    };
  };
}

function requireShield(guarded: GraphQLSchema, tree: Record<string, object>): void {
  for (const [typeName, fields] of Object.entries(tree)) {
    for (const fieldName of Object.keys(fields)) {
      const resolve = (guarded.getType(typeName) as GraphQLObjectType).getFields()[fieldName]?.resolve;
      if (!resolve || resolve === resolveAllowed) throw new Error(`No shield stands before ${typeName}.${fieldName}.`);
    }
  }
}

const objectTypes = (schema: GraphQLSchema): GraphQLObjectType[] =>
  Object.values(schema.getTypeMap()).filter(
    (type) => isObjectType(type) && !type.name.startsWith('__'),
  ) as GraphQLObjectType[];
