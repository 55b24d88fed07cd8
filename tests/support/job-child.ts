/** A process that runs the jobs of the small agent until it is killed: `node job-child.ts <database url> <folder>`. */
import { counting, smallJobs } from './counting-job.ts';
import { joinSmallAgent } from './small-agent.ts';

const [url, dir] = process.argv.slice(2) as [string, string];
const { jobs } = smallJobs(await joinSmallAgent(url), dir, {
  kinds: [counting()],
  pace: { sweepMs: 100, leaseMs: 400 },
});
process.stdout.write('runs\n');
await Promise.all(jobs.backgroundTasks.map(({ run }) => run(new AbortController().signal)));
