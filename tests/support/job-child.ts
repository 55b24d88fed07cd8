/**
 * A process that runs the jobs of the small agent until it is killed: `node job-child.ts <database url> <folder>`. It does
 * so many chunks of a job and no more, so that it is killed before the end however slow its killer is.
 */
import { counting, smallJobs } from './counting-job.ts';
import { joinSmallAgent } from './small-agent.ts';

const [url, dir] = process.argv.slice(2) as [string, string];
/** Chunks that one process does. */
const MOST = 50;
const kind = counting();
const chunk = kind.chunk.bind(kind);
let begun = 0;
kind.chunk = (job) => (++begun > MOST ? new Promise(() => {}) : chunk(job));

const { jobs } = smallJobs(await joinSmallAgent(url), dir, {
  kinds: [kind],
  pace: { sweepMs: 100, leaseMs: 400 },
});
process.stdout.write('runs\n');
await Promise.all(jobs.backgroundTasks.map(({ run }) => run(new AbortController().signal)));
