/** The supergraph that this release has published, for a process that runs the very rooms that it was composed from. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type DocumentNode, print } from 'graphql';
import { withNodePart } from '../nodes/node-part.ts';

const SCHEMA = join(import.meta.dirname, '../../schema');
/** File beside `supergraph.graphql` that tells what that was composed from. `npm run schema` writes both. */
export const COMPOSED_FROM = 'composed-from.json';
/** The package that composes: another version of it may compose another supergraph. */
const COMPOSER = '@apollo/composition';

/** Hashes of a supergraph and of all parts that it was composed from, and the version of the composer. */
export interface ComposedFrom {
  composition: string;
  supergraph: string;
  /** By subgraph, the derived one included. */
  parts: Readonly<Record<string, string>>;
}

type Part = { name: string; typeDefs: DocumentNode };

/** The record of this supergraph, if these subgraphs were composed just now. */
export const composedFrom = (subgraphs: readonly Part[], supergraphSdl: string): ComposedFrom => ({
  composition: (createRequire(import.meta.url)(`${COMPOSER}/package.json`) as { version: string }).version,
  supergraph: hash(supergraphSdl),
  parts: Object.fromEntries(
    withNodePart(subgraphs)
      .map(({ name, typeDefs }) => [name, hash(print(typeDefs))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
});

/**
 * The published supergraph, if composing these subgraphs would give the same; undefined where it is of others, was
 * changed by hand, or is not there.
 */
export function publishedSupergraph(subgraphs: readonly Part[], directory = SCHEMA): string | undefined {
  try {
    const supergraphSdl = readFileSync(join(directory, 'supergraph.graphql'), 'utf8');
    const published = readFileSync(join(directory, COMPOSED_FROM), 'utf8');
    return published === formatComposedFrom(composedFrom(subgraphs, supergraphSdl)) ? supergraphSdl : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Text of the record: a line a part, so that branches which change different rooms merge. */
export const formatComposedFrom = ({ composition, supergraph, parts }: ComposedFrom): string =>
  `${JSON.stringify({ composition, supergraph, parts }, null, 2)}\n`;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
