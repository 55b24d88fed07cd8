import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import type { Files } from '../../../platform/files/files.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { Jobs } from '../../../platform/jobs/jobs.ts';
import { ownerOfNew } from '../access.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { ownerOfWork, writableWork } from '../work/access.ts';
import type { importJob } from './import-job.ts';

/** The import of products from a file. */
export const fileImportResolvers = (files: Files, jobs: Jobs, job: ReturnType<typeof importJob>): Resolvers => ({
  Mutation: {
    importProductsFromFile: (_, { input }, context) =>
      payload(async () => {
        const { actor } = context;
        const key = idempotencyOf('importProductsFromFile', input, context);
        const begin = async (): Promise<string> => {
          const { fileId } = input;
          const rows = writableWork(actor);
          await files.ready(fileId, { rows, purpose: 'import', path: ['input', 'fileId'] });
          const merchantId = ownerOfNew(actor, input.merchantId);
          return jobs.start(job, { input: { fileId, merchantId }, ownerId: ownerOfWork(actor), key });
        };
        const id = (await jobs.earlier(key)) ?? (await begin());
        return { job: await jobs.load(context).load(id) };
      }),
  },
});
