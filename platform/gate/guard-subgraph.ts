/**
 * Authorisation of requests between agents, which have not passed a gateway's gate. A request on an agent's own behalf
 * passes, since SERVICE may do everything. One on a user's behalf is checked by the decisions of this subgraph. A
 * gateway's fetches do not come this way: they were checked, and must not be checked again, because a field that is
 * only `@requires`d for a computation is fetched without being shown.
 */
import { type DocumentNode, GraphQLError, parse, validate } from 'graphql';
import type { RequestContext } from '../graphql/context.ts';
import type { Subgraph, SubgraphEndpoint, SubgraphRequest } from '../graphql/subgraph.ts';
import { createGate, type Gate } from './gate.ts';
import type { RuleOptions } from './rules.ts';
import { subgraphDecisions } from './subgraph-decisions.ts';

/** Cache limit of parsed documents; the oldest goes first. Agents send one another few, all written in their rooms. */
const MAX_DOCUMENTS = 500;

/**
 * Puts a gate before a subgraph. A request with any denied part is refused whole.
 * @param options callbacks for a rule that threw, and for a denial
 */
export function guardSubgraph(
  subgraph: Subgraph,
  options: Pick<RuleOptions, 'onError' | 'onDenied'>,
): SubgraphEndpoint {
  const documents = new Map<string, DocumentNode>();
  // Created lazily: most agents are only ever asked by agents on their own behalf.
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

/** The refusal of an interface with a denied type: only the execution would tell whether an object of it is met. */
const notYours = (): GraphQLError =>
  new GraphQLError('Something of this may not be asked for.', { extensions: { code: 'FORBIDDEN' } });
