/** The shield rule tree of a schema: what its decisions ask, as rules over the actor. */
import { type GraphQLSchema, getNamedType, isIntrospectionType, isObjectType } from 'graphql';
import type { IRules } from 'graphql-shield';
import type { Actor } from '../identity/actor.ts';
import { type Decision, type DecisionTable, isGuarded } from './decision.ts';
import { isRoot } from './decisions.ts';
import { and, or, rule } from './shield.ts';

type ShieldRule = ReturnType<typeof and> | ReturnType<ReturnType<typeof rule>>;

/** What a policy's name stands for. */
export type Policy = (actor: Actor) => boolean | Promise<boolean>;

/** What the rules see as context: made anew for each check, because shield caches results in it. */
export interface RuleContext {
  actor: Actor;
}

/** Something that somebody was not allowed to ask for. */
export interface Denial {
  /** The fields, each once: twenty at most. */
  coordinates: readonly string[];
  actor: Actor;
  correlationId: string | undefined;
}

/** What the rule tree is made from. */
export interface RuleOptions {
  /** The policies by name. One that is not here denies. */
  policies: Readonly<Record<string, Policy>>;
  /** Told of a rule that threw; it denies. */
  onError: (error: unknown, ruleName: string) => void;
  /** Told of every check that ended in a denial. @default nobody is told */
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

/** Decision → rules, each rule made once: shield refuses two rules of one name. */
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

/** Shield takes a rule that throws for one that says no, without a word; so we catch and report it ourselves. */
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
