/** Which part of the house may import which (design.md §1). */
import { posix } from 'node:path';
import { isTest, roomOf, type Source } from './source.ts';

/** One import of one file. */
export interface Import {
  from: string;
  /** The path of the imported file, or the name of a package. */
  to: string;
  isRelative: boolean;
  /** Whether it imports types only, so that it is gone at run time. */
  isType: boolean;
}

/** All imports of TypeScript files, those of types and the dynamic ones too. */
export function importsOf(source: Source): Import[] {
  return [...source].filter(([path]) => path.endsWith('.ts')).flatMap(([path, text]) => importsIn(path, text));
}

const STATIC = /^(?:import|export)\s(?:(type)\s)?[^;'"]*?from\s+['"]([^'"]+)['"]/gm;
const FOR_EFFECT = /^import\s+['"]([^'"]+)['"]/gm;
const DYNAMIC = /^(?![\s/]*\*|\s*\/\/).*?(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/gm;

function importsIn(from: string, text: string): Import[] {
  const found = [
    ...[...text.matchAll(STATIC)].map(([, type, target]) => ({ target: target!, isType: type === 'type' })),
    ...[...text.matchAll(FOR_EFFECT)].map(([, target]) => ({ target: target!, isType: false })),
    ...[...text.matchAll(DYNAMIC)].map(([, type, target]) => ({ target: target!, isType: Boolean(type) })),
  ];
  return found.map(({ target, isType }) => {
    const isRelative = target.startsWith('.');
    return { from, to: isRelative ? posix.join(posix.dirname(from), target) : target, isRelative, isType };
  });
}

/**
 * The parts that each part of the house may import beside itself. A part that is not listed may import anything: bin,
 * tests, tools, bench.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  platform: [],
  db: ['platform'],
  gateway: ['platform'],
  subgraphs: ['platform'],
  examples: [],
  console: [],
};

/** Imports that cross into a part of the house that the importing part may not know. */
export function forbiddenImports(source: Source): string[] {
  return importsOf(source).flatMap((link) => {
    const why = forbidden(link);
    return why ? [`${link.from} imports ${link.to}: ${why}`] : [];
  });
}

function forbidden({ from, to, isRelative }: Import): string | undefined {
  if (!isRelative) return undefined;
  const [part, target] = [partOf(from), partOf(to)];
  const mayReadTheList = ['bin', 'tests', 'tools', 'bench'].includes(part);
  if (to === 'subgraphs/index.ts' && !mayReadTheList) return 'only bin reads the list of rooms';
  const room = roomOf(from);
  if (room && roomOf(to) && roomOf(to) !== room)
    return 'a room never imports another: ask it by a command, or handle its event';
  const allowed = MAY_IMPORT[part];
  if (!allowed || target === part || allowed.includes(target)) return undefined;
  // Tests may use the real database and its helpers.
  if (isTest(from) && (target === 'tests' || target === 'db')) return undefined;
  return `${part} may import ${['itself', ...allowed].join(' and ')} only`;
}

const partOf = (path: string): string => path.split('/')[0]!;

/** Modules that the rules of a room may use: nothing that reads a disk, a clock or chance. */
const PURE = new Set([
  'platform/errors.ts',
  'platform/graphql/refusals.ts',
  'platform/money.ts',
  'platform/postal-code.ts',
  'platform/text/ascii.ts',
  'platform/text/plain-number.ts',
  'platform/text/storable.ts',
  'platform/text/text.ts',
]);

const isRule = (path: string): boolean => /^subgraphs\/.*\bdomain(\/[\w-]+)?\.ts$/.test(path);

/** Impure imports of a room's rules, direct or through another file that they use. */
export function impureImports(source: Source): string[] {
  const imports = Map.groupBy(
    importsOf(source).filter((link) => !link.isType && !isTest(link.from)),
    (link) => link.from,
  );
  const reach = (path: string, seen: Set<string>): string[] => {
    seen.add(path);
    return (imports.get(path) ?? []).flatMap(({ to, isRelative }) => {
      if (PURE.has(to) || seen.has(to)) return [];
      if (isRelative && roomOf(to) === roomOf(path) && !/entities/.test(to)) return reach(to, seen);
      return [
        `${path} imports ${to}: rules are pure, so they may use ${[...PURE].join(', ')}, types, and the room's own rules`,
      ];
    });
  };
  return [...imports.keys()].filter(isRule).flatMap((path) => reach(path, new Set()));
}
