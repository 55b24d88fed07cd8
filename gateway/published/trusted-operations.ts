import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const OPERATIONS = join(import.meta.dirname, '../../schema/operations');

/** The documents that clients were published with (`npm run codegen`), by their ids. */
export const trustedOperations = (directory = OPERATIONS): ReadonlyMap<string, string> =>
  new Map(
    globSync(join(directory, '*.json')).flatMap((file) =>
      Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>),
    ),
  );
