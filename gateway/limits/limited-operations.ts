/** The same operations, each refused before it is executed when it would cost more than whoever asks may spend at once. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { refused } from './refused.ts';
import type { Generation } from '../generation.ts';
import type { ErrorMask } from '../mask-error.ts';
import type { Operation } from '../operation.ts';
import type { Operations } from '../operations.ts';
import { estimateWith } from './cost.ts';
import { costTableOf } from './cost-table.ts';
import { type ByTier, tierOf } from './tier.ts';

/** What an operation costs, and might have. In the answer as `extensions.cost`. */
interface Cost {
  estimated: number;
  budget: number;
}

/** Limits the operations of a generation. A graph that declares no costs has none. */
export function limitedOperations(
  operations: Operations,
  generation: Pick<Generation, 'schema' | 'supergraphSdl'>,
  mask: ErrorMask,
  budgets: ByTier<number>,
): Operations {
  const table = costTableOf(generation.supergraphSdl);
  if (!table) return operations;
  const estimate = estimateWith(generation.schema, table);

  const costOf = ({ document, operationName, variables, caller }: Operation): Cost => ({
    estimated: estimate(document, operationName, variables),
    budget: budgets[tierOf(caller.actor())],
  });
  /** The cost, or with what to answer instead. */
  const priced = (operation: Operation): { cost: Cost } | { refused: ExecutionResult } => {
    try {
      const cost = costOf(operation);
      if (cost.estimated > cost.budget) throw tooExpensive(cost);
      return { cost };
    } catch (error) {
      return { refused: { errors: [mask.error(error, operation.caller.correlationId)] } };
    }
  };

  return {
    async execute(operation) {
      const price = priced(operation);
      if ('refused' in price) return price.refused;
      const result = await operations.execute(operation);
      return { ...result, extensions: { ...result.extensions, cost: price.cost } };
    },
    async subscribe(operation) {
      const price = priced(operation);
      return 'refused' in price ? price.refused : operations.subscribe(operation);
    },
  };
}

const tooExpensive = (cost: Cost): GraphQLError =>
  new GraphQLError(
    `The operation may cost ${cost.estimated}, and the budget is ${cost.budget}: ask for shorter lists (a smaller ` +
      '`first`), for fewer lists within lists, or in several requests.',
    { extensions: { code: 'COST_EXCEEDED', cost, http: refused() } },
  );
