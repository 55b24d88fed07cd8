/**
 * A process that starts an embedded PostgreSQL, reports it in one line of JSON, and holds it until its input ends, for
 * tests that kill it: `node postgres-holder.ts <module> <data folder> [alone]`.
 */
import { once } from 'node:events';

const [module, dataDir, how] = process.argv.slice(2) as [string, string, 'alone'?];
const { startEmbeddedPostgres } = (await import(module)) as typeof import('../../db/embedded-postgres.ts');
const lines: string[] = [];
const server = await startEmbeddedPostgres({ dataDir, log: (line) => lines.push(line), alone: how === 'alone' });
console.log(JSON.stringify({ ...server, lines }));
process.stdin.resume();
await once(process.stdin, 'end');
await server.stop();
