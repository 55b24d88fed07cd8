import { matches } from '../../../platform/data/row-filter.ts';
import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import { refuse } from '../../../platform/errors.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { Jobs } from '../../../platform/jobs/jobs.ts';
import { writableProducts } from '../access.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { ownerOfWork } from '../work/access.ts';
import type { exportJob } from './export-job.ts';

/** The export of products. */
export const exportResolvers = (jobs: Jobs, job: ReturnType<typeof exportJob>): Resolvers => ({
  Mutation: {
    exportProducts: (_, { input }, context) =>
      payload(async () => {
        const { actor } = context;
        const ownerId = ownerOfWork(actor);
        const merchantId = input.merchantId ?? ownerId;
        if (merchantId !== null && !matches({ merchantId }, writableProducts(actor)))
          throw refuse('INVALID_INPUT', 'This is another merchant: give your own `merchantId`, or leave it out.', [
            'input',
            'merchantId',
          ]);
        const key = idempotencyOf('exportProducts', input, context);
        const id = await jobs.start(job, { input: { merchantId, status: input.status ?? null }, ownerId, key });
        return { job: await jobs.load(context).load(id) };
      }),
  },
});
