/** The shape of a room (design.md §1), the same for all: a reader who knows one room knows all. */
import { importsOf } from './imports.ts';
import { isTest, roomsIn, type Source } from './source.ts';

/** Rooms that lack a part of their shape. */
export function misshapenRooms(source: Source): string[] {
  return roomsIn(source).flatMap((room) => {
    const at = `subgraphs/${room}/`;
    const files = [...source.keys()].filter((path) => path.startsWith(at)).map((path) => path.slice(at.length));
    return [
      ...missing(room, files, source),
      ...strange(files),
      ...misplacedDemo(files),
      ...agentExports(source.get(`${at}agent.ts`) ?? ''),
    ].map((what) => `${at}: ${what}`);
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

/** A file that is called after the demo: only `demo.ts` is. */
const OF_DEMO = /^demo-[\w-]+\.|\/demo(-[\w-]+)?\.(ts|test\.ts)$/;

/** A room's demo data has one entry, `demo.ts`, beside which its parts lie in `demo/`. */
const misplacedDemo = (files: readonly string[]): string[] => [
  ...files
    .filter((file) => OF_DEMO.test(file))
    .map((file) => `${file} belongs into demo.ts, or as a part of it into demo/`),
  ...(files.some((file) => file.startsWith('demo/')) && !files.includes('demo.ts')
    ? ['lacks demo.ts, the entry of demo/']
    : []),
];

/** Imports of a room's demo data past its entry: `agent.ts` knows `demo.ts`, and only that knows `demo/`. */
export function demoPastItsEntry(source: Source): string[] {
  return importsOf(source).flatMap(({ from, to, isRelative }) => {
    const [, room, part] = /^subgraphs\/([^/]+)\/(demo\.ts|demo\/).*$/.exec(to) ?? [];
    if (!isRelative || !room || isTest(from)) return [];
    const at = `subgraphs/${room}/`;
    const may =
      part === 'demo.ts' ? from === `${at}agent.ts` : from === `${at}demo.ts` || from.startsWith(`${at}demo/`);
    return may ? [] : [`${from} imports ${to}: demo data is loaded by agent.ts, through demo.ts`];
  });
}

const agentExports = (agent: string): string[] => {
  const exported = [...agent.matchAll(/^export\b.*/gm)].map(([line]) => line);
  return exported.length === 1 && exported[0]!.startsWith('export default defineAgent(')
    ? []
    : ['agent.ts exports `default defineAgent({…})` and nothing else'];
};
