/** What is wrong with the licences of a lock file. */
import type { Exception } from './allowed.ts';

/** An entry of `packages` in package-lock.json, as far as licences go. */
export interface LockEntry {
  version?: string;
  license?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

/** Rules that licences are held against. */
export interface LicenceRules {
  allowed: ReadonlySet<string>;
  exceptions: Readonly<Record<string, Exception>>;
}

/**
 * The problems with these packages: a licence that is neither allowed nor that of an exception, none at all, and exceptions
 * that are needed no longer. Sentences, none if all is well.
 */
export function licenceProblems(packages: Readonly<Record<string, LockEntry>>, rules: LicenceRules): string[] {
  const { allowed, exceptions } = rules;
  const unused = new Set(Object.keys(exceptions));
  const problems = Object.entries(packages).flatMap(([path, entry]) => {
    // The project itself.
    if (path === '') return [];
    const name = nameOf(path);
    const licence = entry.license ?? licenceOfOwner(packages, name, entry);
    if (licence === undefined) return [`${name} ${entry.version} has no licence in package-lock.json.`];
    if (isAllowed(licence, allowed)) return [];
    if (exceptions[name]?.licence === licence) {
      unused.delete(name);
      return [];
    }
    return [
      `${name} ${entry.version} is under ${licence}, which is not allowed: do without it, or name it in ` +
        'tools/licences/allowed.ts and in docs/licences.md, with the reason and what it asks of those who use Agora.',
    ];
  });
  return [
    ...problems,
    ...[...unused].map((name) => `${name} is an exception in tools/licences/allowed.ts that is needed no longer.`),
  ];
}

/** Name of the package at a path of the lock file, `node_modules/a/node_modules/@b/c`. */
const nameOf = (path: string): string => path.split('node_modules/').at(-1)!;

/**
 * The licence of a build for another platform that was never downloaded here (`npm run lock`): that of the package whose
 * build it is, of the same version.
 */
function licenceOfOwner(
  packages: Readonly<Record<string, LockEntry>>,
  name: string,
  { optional, version }: LockEntry,
): string | undefined {
  if (!optional) return undefined;
  return Object.values(packages).find((one) => one.version === version && one.optionalDependencies?.[name])?.license;
}

/**
 * Whether an SPDX expression (https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/) lets one choose
 * allowed licences only. One with inner parentheses is refused, so that a person looks at it.
 */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const inner = expression.replace(/^\(([^()]*)\)$/, '$1');
  return inner.split(' OR ').some((choice) => choice.split(' AND ').every((licence) => allowed.has(licence)));
}
