/**
 * The authorisation declared at one coordinate of the schema (`Order`, `Query.orders`). All given demands must hold;
 * within `scopes` and `policies` one of the inner lists must hold entirely.
 */
export interface Decision {
  /** `@public`: any actor. Excludes the others. */
  public?: true;
  /** `@authenticated`: any signed-in actor. */
  authenticated?: true;
  /** `@requiresScopes`: any of these sets of scopes. */
  scopes?: readonly (readonly string[])[];
  /** `@policy`: any of these sets of policies. */
  policies?: readonly (readonly string[])[];
}

/** Coordinate → decision, as composition merged it. */
export type DecisionTable = ReadonlyMap<string, Decision>;

/** Whether the decision demands anything of the actor. */
export const isGuarded = (decision: Decision | undefined): decision is Decision =>
  decision !== undefined && Boolean(decision.authenticated || decision.scopes || decision.policies);

/** The separate demands of a decision, as keys: a demand met on the way to a selection is not checked again. */
export function demandsOf(decision: Decision | undefined): string[] {
  const demands: string[] = [];
  if (decision?.authenticated) demands.push('authenticated');
  if (decision?.scopes) demands.push(`scopes:${JSON.stringify(decision.scopes)}`);
  if (decision?.policies) demands.push(`policies:${JSON.stringify(decision.policies)}`);
  return demands;
}

/** The demands of a decision in words: `the scope order:read`. */
export function describeDecision(decision: Decision): string {
  const wanted: string[] = [];
  if (decision.scopes) wanted.push(`the scope ${anyOf(decision.scopes)}`);
  if (decision.policies) wanted.push(`the policy ${anyOf(decision.policies)}`);
  return wanted.length ? wanted.join(' and ') : 'a signed-in user';
}

const anyOf = (groups: readonly (readonly string[])[]): string =>
  groups.map((group) => group.join(' with ')).join(' or ');
