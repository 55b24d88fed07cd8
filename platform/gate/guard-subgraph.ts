/**
 * An agent's part of the graph for whoever has not passed a gateway's gate: the other agents. What an agent asks on its
 * own behalf passes, since SERVICE may all. What it asks on a user's behalf is checked here, by what this subgraph itself
 * declares. A gateway's fetches do not come this way: they were checked, and must not be checked again, because a field
 * that is only `@requires`d for a computation is fetched without being shown.
 */
import { type DocumentNode, GraphQLError, parse, validate } from 'graphql';
import type { RequestContext } from '../graphql/context.ts';
import type { Subgraph, SubgraphEndpoint, SubgraphRequest } from '../graphql/subgraph.ts';
import { createGate, type Gate } from './gate.ts';
import type { RuleOptions } from './rules.ts';
import { subgraphDecisions } from './subgraph-decisions.ts';

/** Documents that stay parsed; the oldest goes first. Agents ask one another few, all written in their rooms. */
const MAX_DOCUMENTS = 500;

/**
 * The same endpoint behind a gate. A request that may not be carried out whole is not carried out at all.
 * @param options what the gate is told to do with a rule that threw, and with a denial
 */
export function guardSubgraph(
  subgraph: Subgraph,
  options: Pick<RuleOptions, 'onError' | 'onDenied'>,
): SubgraphEndpoint {
  const documents = new Map<string, DocumentNode>();
  // Made when it is first needed: most agents are only ever asked by agents on their own behalf.
  let gate: Gate | undefined;

  const documentOf = (query: string): DocumentNode => {
    let document = documents.get(query);
    if (document) return document;
    document = parse(query, { noLocation: true });
    const [invalid] = validate(subgraph.schema, document);
    if (invalid) throw invalid;
    if (documents.size >= MAX_DOCUMENTS) documents.delete(documents.keys().next().value!);
    documents.set(query, document);
    return document;
  };

  const refusal = async (request: SubgraphRequest, context: RequestContext): Promise<GraphQLError[] | undefined> => {
    const { actor, correlationId } = context;
    if (actor.roles.has('SERVICE')) return undefined;
    gate ??= createGate(subgraph.schema, subgraphDecisions(subgraph.typeDefs), { ...options, policies: {} });
    const { query, operationName, variables } = request;
    let document: DocumentNode;
    try {
      document = documentOf(query);
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
    const verdict = await gate.check({ document, operationName, variables, actor, correlationId });
    if (verdict.kind === 'allowed') return undefined;
    const { errors } = verdict.kind === 'refused' ? verdict.result : verdict.finish({ data: null });
    return errors?.length ? [...errors] : [notYours()];
  };

  return {
    name: subgraph.name,
    async execute(request, context) {
      const errors = await refusal(request, context);
      return errors ? { errors } : subgraph.execute(request, context);
    },
    async subscribe(request, context) {
      const errors = await refusal(request, context);
      return errors ? { errors } : subgraph.subscribe(request, context);
    },
  };
}

/** Of an interface that was denied for one of its types, nobody knows before it is executed whether it is met. */
const notYours = (): GraphQLError =>
  new GraphQLError('Something of this may not be asked for.', { extensions: { code: 'FORBIDDEN' } });
