import type { Files } from '../../../platform/files/files.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { Jobs } from '../../../platform/jobs/jobs.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { ownerOfWork, readableWork, writableWork } from './access.ts';

/** Files and jobs of the catalogue. */
export const workResolvers = ({ files, jobs }: { files: Files; jobs: Jobs }): Resolvers => ({
  Query: {
    productFile: (_, { id }, { actor }) => files.visible(id, readableWork(actor)),
    productJob: (_, { id }, { actor }) => jobs.visible(id, readableWork(actor)),
    productJobs: (_, { filter, ...page }, { actor }) => jobs.page(filter ?? {}, page, readableWork(actor)),
  },
  Mutation: {
    createProductFileUpload: (_, { input }, context) =>
      payload(() => files.announce(input, { ownerId: ownerOfWork(context.actor), context })),
    cancelProductJob: (_, { input: { id } }, context) =>
      payload(async () => {
        await jobs.cancel(id, { rows: writableWork(context.actor), context });
        return { job: await jobs.load(context).load(id) };
      }),
    transferProductFile: async (_, { input }) => ({ ...(await files.transfer(input)), userErrors: [] }),
  },
  Subscription: {
    productJobProgressed: {
      async *subscribe(_, { jobId, after }, { actor, signal = new AbortController().signal }) {
        // Another's job and an unknown one look alike: neither has events for the subscriber.
        if (!(await jobs.visible(jobId, readableWork(actor)))) return;
        for await (const productJobProgressed of jobs.watch({ jobId, after, signal })) yield { productJobProgressed };
      },
    },
  },
});
