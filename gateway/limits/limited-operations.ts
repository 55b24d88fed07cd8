/**
 * The same operations, each refused before it is executed when its caller has asked too often, or for too much at once.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { refused as status } from './refused.ts';
import type { GraphVersion } from '../graph/graph-version.ts';
import type { ErrorMask } from '../operations/mask-error.ts';
import type { Operation } from '../operations/operation.ts';
import type { Operations } from '../operations/operations.ts';
import { estimateWith } from './cost.ts';
import { costTableOf } from './cost-table.ts';
import type { RateLimits } from './rates.ts';
import { type ByTier, tierOf } from './tier.ts';

/** Estimated cost of an operation, and its budget. In the answer as `extensions.cost`. */
interface Cost {
  estimated: number;
  budget: number;
}

/**
 * Limits the operations of a graph version. A graph that declares no costs has no budgets; without rates nothing is
 * counted.
 */
export function limitedOperations(
  operations: Operations,
  graphVersion: Pick<GraphVersion, 'schema' | 'supergraphSdl'>,
  mask: ErrorMask,
  { budgets, rates }: { budgets: ByTier<number>; rates?: RateLimits },
): Operations {
  const table = costTableOf(graphVersion.supergraphSdl);
  const estimate = table && estimateWith(graphVersion.schema, table);

  const costOf = ({ document, operationName, variables, caller }: Operation): Cost | undefined =>
    estimate && {
      estimated: estimate(document, operationName, variables),
      budget: budgets[tierOf(caller.actor())],
    };
  /** The cost, or the answer of a refusal. */
  const admit = async (operation: Operation): Promise<{ cost?: Cost; refused?: ExecutionResult }> => {
    try {
      const cost = costOf(operation);
      if (cost && cost.estimated > cost.budget) throw tooExpensive(cost);
      await rates?.operation(operation);
      return { cost };
    } catch (error) {
      return { refused: { errors: [mask.error(error, operation.caller.correlationId)] } };
    }
  };

  return {
    async execute(operation) {
      const { cost, refused } = await admit(operation);
      if (refused) return refused;
      const result = await operations.execute(operation);
      return cost ? { ...result, extensions: { ...result.extensions, cost } } : result;
    },
    async subscribe(operation) {
      const { refused } = await admit(operation);
      return refused ?? operations.subscribe(operation);
    },
  };
}

const tooExpensive = (cost: Cost): GraphQLError =>
  new GraphQLError(
    `The operation may cost ${cost.estimated}, and the budget is ${cost.budget}: ask for shorter lists (a smaller ` +
      '`first`), for fewer lists within lists, or in several requests.',
    { extensions: { code: 'COST_EXCEEDED', cost, http: status() } },
  );
