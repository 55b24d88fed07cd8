import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { settle } from '../codegen/output.ts';
import { fillTemplates } from './fill.ts';
import type { Words } from './words.ts';

/** Writes these rooms, and all files that are generated from rooms, once for all of them. */
export function addRooms(rooms: readonly Words[]): void {
  settle(rooms.flatMap(fillTemplates), false, '');
  for (const tool of ['codegen.ts', 'schema.ts'])
    run(process.execPath, '--no-warnings', join(import.meta.dirname, '..', tool));
  const folders = rooms.map(({ name }) => join('subgraphs', name));
  run('node_modules/.bin/biome', 'format', '--write', '--log-level=error', ...folders);
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: 'inherit', timeout: 300_000 });
}
