/** Rules of our style that can be counted. */
import { isGenerated, isTest, type Source } from './source.ts';

const MAX_LINES = 400;

/** Files that are longer than one concept needs. */
export const longFiles = (source: Source): string[] =>
  [...source]
    .filter(([path]) => /\.(ts|mjs)$/.test(path) && !isGenerated(path))
    .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines: at most ${MAX_LINES}, one concept a file`);

const WORLD =
  /\bnew Date\(\)|\bDate\.now\(|\bMath\.random\(|\brandomUUID\(|\bperformance\.now\(|\bprocess\.(env|hrtime|uptime)\b/;

/** Rooms that ask the operating system for what their AgentContext gives them: `clock`, `config`, `newId`. */
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

/** The lines of a file, with those of comments empty. */
const code = (text: string): string[] => text.split('\n').map((line) => (/^\s*(\/\/|\/?\*)/.test(line) ? '' : line));

const DECLARATION =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) (\{[^}]*\} =|[\w$]+)/;

/** Exports of the platform, of db/ and of the gateway without a docstring. */
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

/** Places where a registry's address is written down: other users of the project have another registry. */
export const registryAddresses = (source: Source): string[] =>
  [...source]
    .filter(([path]) => !path.startsWith('tests/architecture/'))
    .flatMap(([path, text]) => {
      const found = ADDRESS.exec(text);
      return found
        ? [`${path} names a registry, "${found[0].trim()}": install by name and version, as the machine is set up`]
        : [];
    });
