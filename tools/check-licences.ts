/** Checks that every package of the lock file has a licence that is allowed, or is a named exception: docs/licences.md. */
import { readFileSync } from 'node:fs';
import { ALLOWED, EXCEPTIONS } from './licences/allowed.ts';
import { type LockEntry, licenceProblems } from './licences/problems.ts';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockEntry> };
const problems = licenceProblems(packages, { allowed: ALLOWED, exceptions: EXCEPTIONS });
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}
