/** The folders of the house: which there are, which files lie in them, and that their imports form no circle. */
import { importsOf } from './imports.ts';
import { isTest, type Source } from './source.ts';

/** Parts of the house whose folders import one another. */
type Layered = 'platform' | 'gateway' | 'db';

/**
 * Imports between folders of a part that are on a circle at run time, or lead into one. Files at the top of the platform,
 * such as `errors.ts`, are the floor of all its folders.
 */
export function circularFolders(source: Source, part: Layered = 'platform'): string[] {
  const folderOf = (path: string): string | undefined => {
    const [top, folder, file] = path.split('/');
    return top === part && file ? folder : undefined;
  };
  let links = linksOf(source).flatMap((link) => {
    const [from, to] = [folderOf(link.from), folderOf(link.to)];
    return from && to && from !== to ? [{ from, to, told: `${link.from} imports ${link.to}` }] : [];
  });
  // A folder that imports none of those that are left is on no circle.
  for (let before = -1; before !== links.length; ) {
    before = links.length;
    const importing = new Set(links.map(({ from }) => from));
    links = links.filter(({ to }) => importing.has(to));
  }
  return links.map(({ told }) => `${told}: the folders of ${part}/ form a circle`);
}

/** The stages that a request passes, and the folders below them. `gateway/README.md` tells their order. */
const STAGES =
  /^gateway\/(http|socket|identity|limits|operations|live|execution|graph|composition|nodes|endpoints|published|commands)\//;
/** The files that hold the stages together, and their tests. */
const ROOF = /^gateway\/((server|drain|gateway-health)\.ts|[a-z-]+\.(test|testing)\.ts|README\.md)$/;

/** Files of the gateway that lie in no stage, and stages that import the files that hold them together. */
export function misplacedInGateway(source: Source): string[] {
  const files = [...source.keys()].filter((path) => path.startsWith('gateway/'));
  const loose = files.filter((path) => !STAGES.test(path) && !ROOF.test(path));
  const climbing = linksOf(source).filter(({ from, to }) => STAGES.test(from) && ROOF.test(to));
  return [
    ...loose.map((path) => `${path} lies in no stage of the gateway: gateway/README.md says which there are`),
    ...climbing.map(({ from, to }) => `${from} imports ${to}, which holds the stages together`),
  ];
}

/** The files that compose a process of its parts. The commands beside them are those that `package.json` starts. */
const COMPOSITIONS = new Set([
  'bin/embedded.ts',
  'bin/serve-agents.ts',
  'bin/distributed-gateway.ts',
  'bin/conformance-gateway.ts',
]);
/** Helpers of commands; `process/` is about a command's process: signals, arguments, a port, a terminal. */
const OF_COMMANDS = /^bin\/(process|distributed)\/[a-z-]+\.ts$/;

/** Files of `bin/` that start nothing: a library, which belongs to the part of the house that it is about. */
export function librariesInBin(source: Source): string[] {
  const scripts = source.get('package.json') ?? '';
  return [...source.keys()]
    .filter((path) => path.startsWith('bin/') && !isTest(path) && path !== 'bin/agora.mjs')
    .filter((path) => !COMPOSITIONS.has(path) && !OF_COMMANDS.test(path))
    .filter((path) => !scripts.includes(`bin/agora.mjs ${path}"`))
    .map((path) => `${path} is no command of package.json and composes no process: a library lies where it belongs`);
}

/** Imports at run time between production files of the house. */
const linksOf = (source: Source) =>
  importsOf(source).filter(({ from, to, isRelative, isType }) => isRelative && !isType && !isTest(from) && !isTest(to));
