/** The shield rule tree of a schema: the demands of its decisions, as rules over the actor. */
import { type GraphQLSchema, getNamedType, isIntrospectionType, isObjectType } from 'graphql';
import type { IRules } from 'graphql-shield';
import type { Actor } from '../identity/actor.ts';
import { type Decision, type DecisionTable, isGuarded } from './decision.ts';
import { isRoot } from './decisions.ts';
import { and, or, rule } from './shield.ts';

type ShieldRule = ReturnType<typeof and> | ReturnType<ReturnType<typeof rule>>;

/** The predicate of a policy. */
export type Policy = (actor: Actor) => boolean | Promise<boolean>;

/** Context of the rules, created anew for each check, because shield caches results in it. */
export interface RuleContext {
  actor: Actor;
}

/** Denied fields of one request. */
export interface Denial {
  /** The fields, each once: twenty at most. */
  coordinates: readonly string[];
  actor: Actor;
  correlationId: string | undefined;
}

/** Options of the rule tree. */
export interface RuleOptions {
  /** The policies by name. An unknown one denies. */
  policies: Readonly<Record<string, Policy>>;
  /** Called for a rule that threw, which counts as a denial. */
  onError: (error: unknown, ruleName: string) => void;
  /** Called with the denied fields of a request. @default denials are not reported */
  onDenied?: (denial: Denial) => void;
}

/**
 * One rule for each field that is guarded by its own decision, its type's, or that of the type it returns. Interfaces
 * and unions carry none: their possible types do, where they are selected.
 */
export function ruleTree(schema: GraphQLSchema, decisions: DecisionTable, options: RuleOptions): IRules {
  const ruleOf = ruleMaker(options);
  const tree: Record<string, Record<string, ShieldRule>> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const applying = [
        isRoot(schema, type) ? undefined : decisions.get(type.name),
        decisions.get(`${type.name}.${field.name}`),
        decisions.get(getNamedType(field.type).name),
      ].filter(isGuarded);
      if (applying.length > 0) (tree[type.name] ??= {})[field.name] = all(applying.flatMap(ruleOf));
    }
  }
  return tree as IRules;
}

const all = (rules: ShieldRule[]): ShieldRule => (rules.length === 1 ? rules[0]! : and(...rules));
const any = (rules: ShieldRule[]): ShieldRule => (rules.length === 1 ? rules[0]! : or(...rules));

/** Maps a decision to rules, each created once, since shield refuses two rules of one name. */
function ruleMaker({ policies, onError }: RuleOptions): (decision: Decision) => ShieldRule[] {
  const made = new Map<string, ShieldRule>();
  const once = (name: string, holds: Policy): ShieldRule => {
    let existing = made.get(name);
    if (!existing) made.set(name, (existing = guardedRule(name, holds, onError)));
    return existing;
  };
  const scope = (name: string): ShieldRule => once(`scope:${name}`, (actor) => actor.may(name));
  const policy = (name: string): ShieldRule =>
    once(`policy:${name}`, (actor) => (Object.hasOwn(policies, name) ? policies[name]!(actor) : false));
  const groups = (list: readonly (readonly string[])[], make: (name: string) => ShieldRule): ShieldRule =>
    any(list.map((group) => all(group.map(make))));

  return (decision) => {
    const rules: ShieldRule[] = [];
    if (decision.authenticated) rules.push(once('isAuthenticated', (actor) => actor.isAuthenticated));
    if (decision.scopes) rules.push(groups(decision.scopes, scope));
    if (decision.policies) rules.push(groups(decision.policies, policy));
    return rules;
  };
}

/** Catches and reports an error of a rule, which shield would silently take for a denial. */
function guardedRule(name: string, holds: Policy, onError: RuleOptions['onError']): ShieldRule {
  return rule(name, { cache: 'contextual' })(async (_parent, _args, context: RuleContext) => {
    try {
      return (await holds(context.actor)) === true;
    } catch (error) {
      onError(error, name);
      return false;
    }
  });
}
