/**
 * The SDL that all versions of one agent have in common. During a rolling release, replicas of an agent differ, and a
 * request may meet any of them: so the graph holds what each of them has. A field (type, argument, enum value, input
 * field, member of a union) appears once every version has it, and goes as soon as one has not.
 */
import { type DefinitionNode, type DocumentNode, Kind, parse, print } from 'graphql';
import { commonType } from './common-type.ts';
import { mergedTypes, type TypeNode } from './merged-types.ts';
import { withoutDangling } from './without-dangling.ts';

/**
 * The SDL that all of these versions serve. The newest comes first: descriptions and the like are its. One alone stays
 * as it is.
 */
export function commonSdl(versions: readonly string[]): string {
  const [newest, ...others] = [...new Set(versions)];
  if (newest === undefined) throw new Error('There is no version.');
  if (others.length === 0) return newest;
  const documents = [newest, ...others].map((sdl) => parse(sdl, { noLocation: true }));
  return print(withoutDangling({ kind: Kind.DOCUMENT, definitions: commonDefinitions(documents) }));
}

function commonDefinitions(documents: readonly DocumentNode[]): DefinitionNode[] {
  const [newest] = documents;
  const types = documents.map((document) => mergedTypes(document));
  const common = [...types[0]!].flatMap(([name]) => {
    const nodes = types.map((version) => version.get(name));
    const type = nodes.every((node): node is TypeNode => node !== undefined) ? commonType(nodes) : undefined;
    return type ? [type] : [];
  });
  // The head: links and directive definitions of the newest version, which defines every directive that is used.
  const head = newest!.definitions.filter(
    ({ kind }) =>
      kind === Kind.SCHEMA_EXTENSION || kind === Kind.SCHEMA_DEFINITION || kind === Kind.DIRECTIVE_DEFINITION,
  );
  return [...head, ...common];
}
