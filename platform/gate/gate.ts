/**
 * The gate: authorises every guarded selection of an operation before execution. Denied selections are pruned and
 * answered with null and an error; a mutation or subscription with a denied root field is refused whole.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getDirectiveValues,
  getVariableValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type VariableNode,
} from 'graphql';
import type { Actor } from '../identity/actor.ts';
import { count } from '../telemetry/metrics.ts';
import { type Check, type CompiledOperation, compileOperation } from './compile.ts';
import type { DecisionTable } from './decision.ts';
import { requireDecisions } from './decisions.ts';
import { denialError } from './denial-error.ts';
import { applyMask } from './finish.ts';
import { type NullableUse, nullInPlace } from './nullable-uses.ts';
import { isAllOrNothing, type PrunedOperation, prune } from './prune.ts';
import type { RuleOptions } from './rules.ts';
import { type Ask, shadowOf } from './shadow.ts';

/** A request to the gate. The document must be valid against the gate's schema. */
export interface GateRequest {
  document: DocumentNode;
  operationName?: string | null;
  /** The variables as the client sent them. */
  variables?: Readonly<Record<string, unknown>> | null;
  actor: Actor;
  /** The request that it belongs to, for {@link RuleOptions.onDenied}. */
  correlationId?: string;
  /** Whether an open subscription is checked again: then denials are neither counted nor reported. */
  isAgain?: boolean;
}

/** The gate's answer. `denied` numbers the checks that failed, the same for every request of one document. */
export type Verdict =
  | { kind: 'allowed'; denied: ReadonlySet<number> }
  | {
      kind: 'pruned';
      denied: ReadonlySet<number>;
      /** The document to execute instead. The same object for the same denials, so that plans can be cached by it. */
      document: DocumentNode;
      /** Nothing is left to execute: give `finish` an empty result. */
      isEmpty: boolean;
      /** Completes the result of `document`; changes its data in place. */
      finish: (result: ExecutionResult) => ExecutionResult;
    }
  | { kind: 'refused'; denied: ReadonlySet<number>; result: ExecutionResult };

/** The gate of one schema. */
export interface Gate {
  check(request: GateRequest): Promise<Verdict>;
}

/** Cache limit of pruned variants per operation: one for each combination of denials that occurs. */
const MAX_VARIANTS = 200;
/** Most denied fields reported per operation. */
const MAX_TOLD = 20;
const NONE: ReadonlySet<number> = new Set();

interface Entry extends CompiledOperation {
  variants: Map<string, PrunedOperation>;
}

/**
 * Builds the gate of an API schema.
 * @throws Error if a coordinate has no decision, or a wrong one
 */
export function createGate(schema: GraphQLSchema, decisions: DecisionTable, options: RuleOptions): Gate {
  requireDecisions(schema, decisions);
  const askFor = shadowOf(schema, decisions, options);
  // Bounded by the cache of documents: an entry lives as long as its document.
  const compiled = new WeakMap<DocumentNode, Map<string, Entry>>();

  const entryOf = (document: DocumentNode, name: string | undefined): Entry => {
    let entries = compiled.get(document);
    if (!entries) compiled.set(document, (entries = new Map()));
    let entry = entries.get(name ?? '');
    if (!entry) {
      entry = { ...compileOperation(schema, decisions, document, name), variants: new Map() };
      entries.set(name ?? '', entry);
    }
    return entry;
  };

  const tell = (failed: readonly Check[], actor: Actor, correlationId: string | undefined): void => {
    count('agora_denials_total', { caller: actor.isAuthenticated ? 'signed_in' : 'anonymous' }, failed.length);
    const coordinates = [...new Set(failed.map(coordinateOf))].slice(0, MAX_TOLD);
    options.onDenied?.({ coordinates, actor, correlationId });
  };

  return {
    async check({ document, operationName, variables, actor, correlationId, isAgain }) {
      let entry: Entry;
      try {
        entry = entryOf(document, operationName ?? undefined);
      } catch (error) {
        if (error instanceof GraphQLError) return { kind: 'refused', denied: NONE, result: { errors: [error] } };
        throw error;
      }
      // Coerced, because @skip(if: $x) must be read as the executor reads it: with the default of $x.
      const values = getVariableValues(schema, entry.node.variableDefinitions ?? [], variables ?? {}, {
        maxErrors: 10,
      });
      if (values.errors) return { kind: 'refused', denied: NONE, result: { errors: values.errors.map(badVariable) } };
      const nulls = nullsIn(entry, values.coerced);
      if (nulls.length > 0) return { kind: 'refused', denied: NONE, result: { errors: nulls } };
      const failed = await failedChecks(entry.checks, values.coerced, askFor(actor));
      if (failed.length === 0) return { kind: 'allowed', denied: NONE };
      const told = (denied: readonly Check[]): void => {
        if (!isAgain && denied.length > 0) tell(denied, actor, correlationId);
      };
      return verdictOf(entry, failed, (check) => denialError(check, decisions, actor), told);
    },
  };
}

/**
 * Errors for null sent where it is not allowed; the operation is not executed then. Places under a condition that is
 * null itself are ignored.
 */
function nullsIn({ nullableUses }: Entry, variables: Record<string, unknown>): GraphQLError[] {
  const found = nullableUses.filter(({ variable }) => variables[variable.name.value] === null);
  const [first] = found;
  if (!first) return [];
  const isRead = ({ conditions }: NullableUse): boolean =>
    !conditions.some((condition) => found.some(({ variable }) => isUnder(condition, variable))) &&
    isIncluded(conditions, variables);
  return found.filter(isRead).slice(0, MAX_TOLD).map(nullInPlace);
}

const isUnder = ({ arguments: [given] = [] }: DirectiveNode, { name }: VariableNode): boolean =>
  given?.value.kind === Kind.VARIABLE && given.value.name.value === name.value;

async function failedChecks(checks: readonly Check[], variables: Record<string, unknown>, ask: Ask): Promise<Check[]> {
  const answers = new Map<string, Promise<boolean>>();
  const askOnce = (check: Check): Promise<boolean> => {
    const coordinate = coordinateOf(check);
    let answer = answers.get(coordinate);
    if (!answer) answers.set(coordinate, (answer = ask(check.type.name, check.node.name.value)));
    return answer;
  };
  const asked = checks.filter((check) => isIncluded(check.conditions, variables));
  const allowed = await Promise.all(asked.map(askOnce));
  return asked.filter((_, index) => !allowed[index]);
}

const coordinateOf = ({ type, node }: Check): string => `${type.name}.${node.name.value}`;

const isIncluded = (conditions: readonly DirectiveNode[], variables: Record<string, unknown>): boolean =>
  conditions.every((directive) => {
    const node = { directives: [directive] };
    const skipped = getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true;
    return !skipped && getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
  });

/** @param tell called with the denied checks: at once if their type is named, else when an object of it is met */
function verdictOf(
  entry: Entry,
  failed: readonly Check[],
  errorOf: (check: Check) => GraphQLError,
  tell: (denied: readonly Check[]) => void,
): Verdict {
  const denied = new Set(failed.map((check) => check.index));
  if (isAllOrNothing(entry) && failed.some((check) => check.path.length === 1)) {
    tell(failed);
    return {
      kind: 'refused',
      denied,
      result: { data: null, errors: failed.filter((check) => check.isNamed).map(errorOf) },
    };
  }
  tell(failed.filter((check) => check.isNamed));
  const { document, isEmpty, mask } = variantOf(entry, denied);
  const finish = (result: ExecutionResult): ExecutionResult => {
    const started = isEmpty ? {} : result.data;
    const { data, met } = started ? applyMask(started, mask) : { data: null, met: NONE };
    const shown = failed.filter((check) => check.isNamed || met.has(check.index));
    tell(shown.filter((check) => !check.isNamed));
    const all = [...(result.errors ?? []), ...shown.map(errorOf)];
    return { ...result, data, ...(all.length > 0 && { errors: all }) };
  };
  return { kind: 'pruned', denied, document, isEmpty, finish };
}

function variantOf(entry: Entry, denied: ReadonlySet<number>): PrunedOperation {
  const key = [...denied].join(',');
  let variant = entry.variants.get(key);
  if (!variant) {
    if (entry.variants.size >= MAX_VARIANTS) entry.variants.delete(entry.variants.keys().next().value!);
    entry.variants.set(key, (variant = prune(entry, denied)));
  }
  return variant;
}

const badVariable = (error: GraphQLError): GraphQLError =>
  new GraphQLError(withoutValue(error), {
    nodes: error.nodes,
    source: error.source,
    extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } },
  });

/**
 * The message of a bad variable without its value, which graphql-js repeats: a password beside a misspelt field would
 * appear in error logs, and a megabyte would be answered with ten.
 */
function withoutValue({ message, originalError }: GraphQLError): string {
  const [beginning] = /^Variable "\$\w+" got invalid value /.exec(message) ?? [];
  const reason = originalError?.message;
  if (!beginning || !reason || !message.endsWith(`; ${reason}`)) return message;
  const [place = ''] = / at "[^"]*"$/.exec(message.slice(0, -reason.length - 2)) ?? [];
  return `${beginning.trimEnd()}${place}; ${reason}`;
}
