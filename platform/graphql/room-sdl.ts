import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A room's own SDL: `schema.graphql`, and those of its capability folders, which extend the types of the first
 * (`extend type Mutation { … }`).
 */
export const roomSdl = (directory: string): string =>
  ['schema.graphql', ...globSync('*/schema.graphql', { cwd: directory }).sort()]
    .map((file) => readFileSync(join(directory, file), 'utf8'))
    .join('\n');
