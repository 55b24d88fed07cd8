import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ALLOWED, EXCEPTIONS } from '../../tools/licences/allowed.ts';
import { type LockEntry, licenceProblems } from '../../tools/licences/problems.ts';

const rules = { allowed: new Set(['MIT', 'ISC']), exceptions: {} };
const problemsOf = (packages: Record<string, LockEntry>, more: object = {}) =>
  licenceProblems(packages, { ...rules, ...more });

test.each(['MIT', 'MIT OR GPL-3.0-only', '(GPL-3.0-only OR MIT)', 'MIT AND ISC', '(MIT AND ISC)'])(
  'a package under %s may be used',
  (license) => expect(problemsOf({ 'node_modules/a': { version: '1.0.0', license } })).toEqual([]),
);

test.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'GPL-3.0-only OR AGPL-3.0-only', '((MIT))', 'mit', ''])(
  'a package under "%s" may not, and is named with its version',
  (license) => {
    const [problem, ...others] = problemsOf({ 'node_modules/a/node_modules/@b/c': { version: '1.2.3', license } });
    expect(problem).toContain(`@b/c 1.2.3 is under ${license}, which is not allowed`);
    expect(others).toEqual([]);
  },
);

test('a package without a licence may not; the build for another platform has that of its package', () => {
  const build = { version: '1.0.0', optional: true };
  const owner = { version: '1.0.0', license: 'MIT', optionalDependencies: { 'a-darwin': '1.0.0' } };
  expect(problemsOf({ 'node_modules/a': owner, 'node_modules/a-darwin': build })).toEqual([]);
  const none = ['a-darwin 1.0.0 has no licence in package-lock.json.'];
  expect(problemsOf({ 'node_modules/a-darwin': build })).toEqual(none);
  expect(problemsOf({ 'node_modules/a': { ...owner, version: '2.0.0' }, 'node_modules/a-darwin': build })).toEqual(
    none,
  );
  expect(problemsOf({ 'node_modules/a': owner, 'node_modules/a-darwin': { version: '1.0.0' } })).toEqual(none);
});

test('an exception holds for one package under one licence, and no longer than it is needed', () => {
  const exceptions = { a: { licence: 'Elastic-2.0', why: 'we need it' } };
  const under = (license: string) => ({ 'node_modules/a': { version: '1.0.0', license } });
  expect(problemsOf(under('Elastic-2.0'), { exceptions })).toEqual([]);
  expect(problemsOf(under('SSPL-1.0'), { exceptions })).toEqual([
    expect.stringContaining('SSPL-1.0'),
    expect.stringContaining('needed no longer'),
  ]);
  expect(problemsOf(under('MIT'), { exceptions })).toEqual([
    'a is an exception in tools/licences/allowed.ts that is needed no longer.',
  ]);
});

test('the page about licences names every exception with its licence, and every licence that is allowed', () => {
  const page = readFileSync('docs/licences.md', 'utf8');
  for (const [name, { licence }] of Object.entries(EXCEPTIONS)) {
    expect(page).toContain(`\`${name}\``);
    expect(page).toContain(licence);
  }
  for (const licence of ALLOWED) expect(page).toContain(licence);
});

test('the packages under Elastic-2.0 bring their licence along, which whoever gets a copy must get too', () => {
  const names = Object.keys(EXCEPTIONS).filter((name) => EXCEPTIONS[name]!.licence === 'Elastic-2.0');
  expect(names).toHaveLength(5);
  for (const name of names) expect([name, existsSync(`node_modules/${name}/LICENSE`)]).toEqual([name, true]);
  expect(readFileSync('.dockerignore', 'utf8')).not.toContain('LICENSE');
});
