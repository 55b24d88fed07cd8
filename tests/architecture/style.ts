/** What can be counted of our style. */
import { isGenerated, isTest, type Source } from './source.ts';

const MAX_LINES = 400;

/** Files that hold more than one concept can be. */
export const longFiles = (source: Source): string[] =>
  [...source]
    .filter(([path]) => /\.(ts|mjs)$/.test(path) && !isGenerated(path))
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines: at most ${MAX_LINES}, one concept a file`);

const WORLD =
  /\bnew Date\(\)|\bDate\.now\(|\bMath\.random\(|\brandomUUID\(|\bperformance\.now\(|\bprocess\.(env|hrtime|uptime)\b/;

/** Rooms that ask the operating system what their ground gives them: `clock`, `config`, `newId`. */
export const worldlyRooms = (source: Source): string[] =>
  [...source]
    .filter(([path]) => /^subgraphs\/.+\.ts$/.test(path) && !isTest(path) && !isGenerated(path))
    .flatMap(([path, text]) =>
      code(text)
        .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
        .filter(({ line }) => WORLD.test(line))
        .map(
          ({ line, at }) =>
            `${at} uses ${WORLD.exec(line)![0]}: take \`clock\`, \`config\` or \`newId\` from the platform`,
        ),
    );

/** The lines, with those of comments empty. */
const code = (text: string): string[] => text.split('\n').map((line) => (/^\s*(\/\/|\/?\*)/.test(line) ? '' : line));

const DECLARATION =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) (\{[^}]*\} =|[\w$]+)/;

/** What the platform, the ground and the gateway export without a word about it. */
export const untoldExports = (source: Source): string[] =>
  [...source]
    .filter(([path]) => /^(platform|db|gateway)\/.+\.ts$/.test(path) && !isTest(path) && !isGenerated(path))
    .flatMap(([path, text]) =>
      untold(text).map((name) => `${path} exports ${name} without a comment that says what it is`),
    );

function untold(text: string): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const name = DECLARATION.exec(line)?.[1];
    if (!name) return [];
    const before = lines.slice(0, index).findLast((earlier) => !/^\s*\/\/ biome-ignore|^@/.test(earlier)) ?? '';
    const isOverload = new RegExp(`^export (?:async )?function ${name}\\b.*;$`).test(before);
    return before.trimEnd().endsWith('*/') || isOverload ? [] : [name];
  });
}

const ADDRESS =
  /\bhttps?:\/\/[\w.-]*(registry|artifactory|nexus|jfrog|verdaccio|proxy)[\w.-]*[:/]|^\s*registry\s*=|"resolved":\s*"http|^FROM\s+[\w.-]+[.:][\w.-]*\/|\bimage:\s*["']?(localhost|[\w-]+(\.[\w-]+)+)(:\d+)?\//m;

/** Where a registry's address is written down: whoever clones us has another. */
export const registryAddresses = (source: Source): string[] =>
  [...source]
    .filter(([path]) => !path.startsWith('tests/architecture/'))
    .flatMap(([path, text]) => {
      const found = ADDRESS.exec(text);
      return found
        ? [`${path} names a registry, "${found[0].trim()}": install by name and version, as the machine is set up`]
        : [];
    });
