import type { RequestContext } from '../../../platform/graphql/context.ts';
import { loadMany } from '../../../platform/graphql/per-request.ts';
import { money } from '../../../platform/money.ts';
import type { Kysely } from 'kysely';
import type { Resolvers } from '../resolvers.generated.ts';
import type { StatisticsTables } from './entities.ts';
import { type CurrencyFigures, figuresOf } from './queries.ts';

/** A customer's figures as the graph reads them. */
const statisticsOf = (figures: readonly CurrencyFigures[]) => ({
  orderCount: sum(figures.map(({ orders }) => orders)),
  cancelledCount: sum(figures.map(({ cancelled }) => cancelled)),
  spent: figures
    .filter(({ spentMinor }) => spentMinor > 0n)
    .map(({ spentMinor, currency }) => money(spentMinor, currency)),
  lastOrderAt: latest(figures.flatMap(({ lastOrderAt }) => lastOrderAt ?? [])),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const latest = (times: readonly Date[]): Date | null =>
  times.length > 0 ? new Date(Math.max(...times.map((time) => time.getTime()))) : null;

/** Resolvers of customers' figures. Whoever sees the customer sees them. */
export const statisticsResolvers = (readsFor: (context: RequestContext) => Kysely<StatisticsTables>): Resolvers => {
  const figures = loadMany(
    (customerIds, context) => figuresOf(readsFor(context), customerIds),
    (row) => row.customerId,
  );
  return {
    Customer: {
      orderStatistics: async ({ id }, _, context) => statisticsOf(await figures(context).load(id)),
    },
  };
};
