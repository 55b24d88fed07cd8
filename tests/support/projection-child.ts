/** A process that runs a projection until it is killed, slowly: `node projection-child.ts <database url> <name>`. */
import { notesBackfill, notesHandlers } from './projection.ts';
import { joinSmallAgent } from './small-agent.ts';

const [url, name] = process.argv.slice(2) as [string, string];
const small = await joinSmallAgent(url);
const slowly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const consumer = small.consumer(name, notesHandlers(name), {
  begins: 'NOW',
  backfill: notesBackfill(small, name, slowly),
});
await consumer.register();
process.stdout.write('runs\n');
await consumer.run(new AbortController().signal);
