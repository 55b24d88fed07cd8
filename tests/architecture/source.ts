import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the house by their paths from its root: read from the disk, or made up by a test. */
export type Source = ReadonlyMap<string, string>;

const NOT_OURS = new Set(['node_modules', '.git', '.agora', 'coverage']);
const TEXT =
  /\.(ts|mjs|js|json|sql|graphql|md|ya?ml|toml|sh|tmpl|html|css)$|(^|\/)(Dockerfile|\.npmrc|\.env\.example|\.gitignore)$/;

/** Reads the house. */
export function readSource(root: string): Source {
  const source = new Map<string, string>();
  const walk = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = directory ? `${directory}/${entry.name}` : entry.name;
      if (NOT_OURS.has(entry.name)) continue;
      if (entry.isDirectory()) walk(path);
      else if (TEXT.test(path)) source.set(path, readFileSync(join(root, path), 'utf8'));
    }
  };
  walk('');
  return source;
}

/** Files that only tests use: they may reach for what tests need. */
export const isTest = (path: string): boolean =>
  /\.(test|testing)\.ts$|^tests\/|^subgraphs\/\w+\/world\.ts$/.test(path);

export const isGenerated = (path: string): boolean =>
  /\.generated\.ts$|\/gql\/|^schema\/|^package-lock\.json$/.test(path);

/** The room that a file is in: `order` of `subgraphs/order/cart/service.ts`. */
export const roomOf = (path: string): string | undefined => /^subgraphs\/([^/]+)\//.exec(path)?.[1];

/** The names of all rooms. */
export const roomsIn = (source: Source): string[] =>
  [...new Set([...source.keys()].flatMap((path) => roomOf(path) ?? []))].sort();
