/** What tests ask of the subgraphs of agents, as the gateway would after the gate. */
import assert from 'node:assert/strict';
import type { ExecutionResult, GraphQLField, GraphQLObjectType } from 'graphql';
import type { Client } from '../../platform/graphql/context.ts';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import { type Actor, ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { admin } from './actors.ts';

/** Variables, arguments, or an input. */
type Values = Record<string, unknown>;

/** The ways to ask. `data`, `query` and `mutate` throw the first error of an answer, as the agent threw it. */
export interface Asking {
  /** The whole answer of one agent to a document, errors and all. */
  ask(agent: string, document: string, variables?: Values, actor?: Actor): Promise<ExecutionResult<any>>;
  /** The data of that answer. */
  data(agent: string, document: string, variables?: Values, actor?: Actor): Promise<any>;
  /** One field of Query, of the agent that has it: `query('order', { id }, 'status', customer)`. */
  query(field: string, values?: Values, selection?: string, actor?: Actor): Promise<any>;
  /** The payload of a mutation, of the agent that has it. Its user errors are told too, however `selection` has them. */
  mutate(field: string, input?: Values, selection?: string, actor?: Actor): Promise<any>;
  /** The whole answer to a mutation, errors and all. */
  attempt(field: string, input?: Values, selection?: string, actor?: Actor): Promise<ExecutionResult<any>>;
}

const USER_ERRORS = 'userErrors { code path ... on VersionConflict { currentVersion } }';

/** The ways to ask these subgraphs, as this client. */
export function askingOf(subgraphs: readonly Subgraph[], client?: Client): Asking {
  const execute = (subgraph: Subgraph, query: string, variables: Values | undefined, actor: Actor) =>
    subgraph.execute({ query, variables }, { actor, correlationId: newId('req'), client });

  const dataOf = ({ data, errors }: ExecutionResult<any>): any => {
    const [error] = errors ?? [];
    if (error) throw error.originalError ?? error;
    return data;
  };

  const one = (root: 'Query' | 'Mutation', name: string, values: Values, selection: string, actor: Actor) => {
    const owner = subgraphs.find(({ schema }) => rootField(schema.getType(root), name));
    assert(owner, `no agent has ${root}.${name}`);
    const { args } = rootField(owner.schema.getType(root), name)!;
    const unknown = Object.keys(values).find((key) => !args.some((arg) => arg.name === key));
    assert.equal(unknown, undefined, `${root}.${name} has no argument ${unknown}`);
    const given = args.filter((arg) => values[arg.name] !== undefined);
    const declared = given.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ');
    const passed = given.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
    const field = `${name}${passed && `(${passed})`} ${selection && `{ ${selection} }`}`;
    const document = `${root.toLowerCase()} ${declared && `(${declared})`} { ${field} }`;
    const variables = Object.fromEntries(given.map((arg) => [arg.name, values[arg.name]]));
    return execute(owner, document, variables, actor);
  };

  const ask: Asking['ask'] = (agent, document, variables, actor = ANONYMOUS) =>
    execute(subgraphs.find(({ name }) => name === agent)!, document, variables, actor);

  const attempt: Asking['attempt'] = (field, input, selection = '', actor = admin) => {
    const whole = selection.includes('userErrors') ? selection : `${selection} ${USER_ERRORS}`;
    return one('Mutation', field, input ? { input } : {}, whole, actor);
  };

  return {
    ask,
    attempt,
    data: async (agent, document, variables = {}, actor = admin) =>
      dataOf(await ask(agent, document, variables, actor)),
    query: async (field, values = {}, selection = '', actor = admin) =>
      dataOf(await one('Query', field, values, selection, actor))[field],
    mutate: async (...asked) => dataOf(await attempt(...asked))[asked[0]],
  };
}

const rootField = (type: unknown, name: string): GraphQLField<unknown, unknown> | undefined =>
  (type as GraphQLObjectType | undefined)?.getFields()[name];
