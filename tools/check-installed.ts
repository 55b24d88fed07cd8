/**
 * Checks that the installed packages are those of the lock file: an old `node_modules` fails every check that comes
 * after it.
 */
import { readFileSync } from 'node:fs';

interface Lock {
  packages: Record<string, { version?: string; optional?: boolean; devOptional?: boolean }>;
}

const read = (path: string): Lock => JSON.parse(readFileSync(path, 'utf8'));
const wanted = read('package-lock.json').packages;
const installed = read('node_modules/.package-lock.json').packages;

// An optional package may be for another machine.
const stale = Object.entries(wanted).filter(
  ([path, { version, optional, devOptional }]) =>
    path !== '' && installed[path]?.version !== version && (installed[path] || !(optional || devOptional)),
);
if (stale.length > 0) {
  const some = stale.slice(0, 5).map(([path, { version }]) => `  ${path.replace('node_modules/', '')} ${version}`);
  console.error(`${stale.length} packages are not installed as package-lock.json says, such as\n${some.join('\n')}`);
  process.exitCode = 1;
}
