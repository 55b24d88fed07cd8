/** The shape of a room (design.md §1), the same for all: a reader who knows one room knows all. */
import { roomsIn, type Source } from './source.ts';

/** Rooms that lack a part of their shape. */
export function misshapenRooms(source: Source): string[] {
  return roomsIn(source).flatMap((room) => {
    const at = `subgraphs/${room}/`;
    const files = [...source.keys()].filter((path) => path.startsWith(at)).map((path) => path.slice(at.length));
    return [...missing(room, files, source), ...strange(files), ...agentExports(source.get(`${at}agent.ts`) ?? '')].map(
      (what) => `${at}: ${what}`,
    );
  });
}

function missing(room: string, files: readonly string[], source: Source): string[] {
  const sdl = source.get(`subgraphs/${room}/schema.graphql`) ?? '';
  const some = (pattern: RegExp): boolean => files.some((file) => pattern.test(file));
  const wanted: [boolean, string, RegExp][] = [
    [true, 'agent.ts, the agent', /^agent\.ts$/],
    [true, 'schema.graphql, its part of the graph', /^schema\.graphql$/],
    [true, 'resolvers.ts', /(^|\/)resolvers\.ts$/],
    [true, 'a test of its use cases beside them', /^(?!.*domain\.test\.ts$).*\.test\.ts$/],
    [some(/(^|\/)entities\b.*\.ts$/), 'migrations/, which make its tables', /^migrations\/\d{4}-[a-z\d-]+\.sql$/],
    [some(/^migrations\//), 'entities.ts, which describe its tables', /(^|\/)entities(\.ts|\/)/],
    [some(/(^|\/)entities\b.*\.ts$/), 'access.ts, which says whose rows', /(^|\/)access\.ts$/],
    [/^type Mutation\b/m.test(sdl), 'service.ts, its use cases', /(^|\/)service\.ts$/],
    [/@key\(/.test(sdl) && /^type Query\b/m.test(sdl), 'queries.ts, its reads', /(^|\/)queries(\.ts|\/)/],
    [
      some(/(^|\/)domain\.ts$/),
      'domain.test.ts, which proves its rules',
      /(^|\/)domain[\w.-]*\.test\.ts$|^domain\/.*\.test\.ts$/,
    ],
  ];
  return wanted.filter(([asked, , pattern]) => asked && !some(pattern)).map(([, what]) => `lacks ${what}`);
}

/** Files that are not named in kebab-case, after their one concept. */
const strange = (files: readonly string[]): string[] =>
  files
    .filter(
      (file) =>
        !/^([a-z\d]+(-[a-z\d]+)*\/)*[a-z\d]+(-[a-z\d]+)*(\.(test|testing|generated))?\.(ts|graphql|sql|md|json)$/.test(
          file,
        ),
    )
    .map((file) => `${file} is not a name in kebab-case`);

const agentExports = (agent: string): string[] => {
  const exported = [...agent.matchAll(/^export\b.*/gm)].map(([line]) => line);
  return exported.length === 1 && exported[0]!.startsWith('export default defineAgent(')
    ? []
    : ['agent.ts exports `default defineAgent({…})` and nothing else'];
};
