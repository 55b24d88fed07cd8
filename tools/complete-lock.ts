/**
 * Completes `package-lock.json` after an `npm install`: npm leaves out the optional packages of other platforms that the
 * registry at hand does not hold, and `npm ci` then refuses the lock file as out of step. With `--check` it writes
 * nothing and fails if something is missing.
 */
import { readFileSync } from 'node:fs';
import { settle } from './codegen/output.ts';

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const PATH = 'package-lock.json';
const OS: Readonly<Record<string, string>> = { windows: 'win32', win: 'win32' };
const SYSTEMS = ['linux', 'darwin', 'win32', 'freebsd', 'android', 'openharmony'];
const PROCESSORS = ['x64', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32', 'arm'];

const lock = JSON.parse(readFileSync(PATH, 'utf8')) as { packages: Record<string, Entry> };

for (const [from, entry] of Object.entries({ ...lock.packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (!isLocked(from, name)) lock.packages[`node_modules/${name}`] = absent(name, range, entry);
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
settle(
  [{ path: PATH, text: `${JSON.stringify({ ...lock, packages }, null, 2)}\n` }],
  process.argv.includes('--check'),
  'npm run lock',
);

/** Whether a package that `from` asks for is in the lock file: beside it, or in a folder above, as Node resolves it. */
function isLocked(from: string, name: string): boolean {
  for (let at = from; ; at = at.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true;
    if (!at) return false;
  }
}

/**
 * The entry of a package of another platform, which its name tells. Without integrity: it was never downloaded here.
 */
function absent(name: string, range: string, { dev }: Entry): Entry {
  const words = name
    .toLowerCase()
    .split(/[-/]/)
    .map((word) => OS[word] ?? word);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (!os && !cpu) throw new Error(`${name} is missing from ${PATH}, and its name tells no platform`);
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu && { cpu: [cpu] }),
    ...(dev && { dev: true }),
    ...(words.includes('musl') && { libc: ['musl'] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}
