/**
 * A process that keeps the projection of notes, from its first line of input until it is killed: `node
 * note-projection-child.ts <database url>`.
 */
import { once } from 'node:events';
import { noteProjection, runProjection } from './note-projection.ts';
import { joinSmallAgent } from './small-agent.ts';

const small = await joinSmallAgent(process.argv[2]!);
const onPage = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));
await once(process.stdin, 'data');
await runProjection(small, noteProjection(small, { onPage }));
process.stdout.write('runs\n');
