import { defineAgent } from '../../platform/agent/define-agent.ts';
import { createJobs } from '../../platform/jobs/jobs.ts';
import { productDemo } from './demo.ts';
import { entities } from './entities.ts';
import { emits, productJobProgressed } from './events.ts';
import { exportJob } from './export/export-job.ts';
import { exportResolvers } from './export/resolvers.ts';
import { importJob } from './file-import/import-job.ts';
import { fileImportResolvers } from './file-import/resolvers.ts';
import { importResolvers } from './import/resolvers.ts';
import { productLoaders } from './loaders.ts';
import { productQueries } from './queries.ts';
import { productResolvers } from './resolvers.ts';
import { productService } from './service.ts';
import { productFiles } from './work/files.ts';
import { workResolvers } from './work/resolvers.ts';

export default defineAgent({
  name: 'product',
  area: 'commerce',
  title: 'Product',
  description: 'Keeps the catalogue: products, their variants, and the categories that they are found under.',
  skills: [
    {
      id: 'browse-catalogue',
      name: 'Browse the catalogue',
      description: 'Finds products by id, slug, SKU or category.',
    },
    {
      id: 'maintain-catalogue',
      name: 'Maintain the catalogue',
      description: 'Creates, changes, publishes and archives products.',
    },
  ],
  at: import.meta.url,
  entities,
  files: true,
  jobs: true,
  grants: { MERCHANT: ['write'] },
  emits,
  readsMayLag: true,
  build(agentContext) {
    const queries = productQueries(agentContext.store.read);
    const files = productFiles(agentContext);
    const [exporting, importing] = [exportJob(agentContext.store.read), importJob(agentContext, files)] as const;
    const kinds = [exporting, importing];
    const jobs = createJobs('product', agentContext, { kinds, files, progressed: productJobProgressed });
    return {
      resolvers: [
        productResolvers({ queries, load: productLoaders(queries), service: productService(agentContext) }),
        importResolvers(agentContext),
        workResolvers({ files, jobs }),
        exportResolvers(jobs, exporting),
        fileImportResolvers(files, jobs, importing),
        files.resolvers,
        jobs.resolvers,
      ],
      scheduledJobs: [...files.scheduledJobs, ...jobs.scheduledJobs],
      backgroundTasks: jobs.backgroundTasks,
      demo: { after: [], load: productDemo(agentContext.store.read) },
    };
  },
});
