/**
 * `npm run sbom`: the software bill of materials, in CycloneDX, of the packages that a running Agora has. `npm sbom` writes
 * it, from a lock file without what is for development only: with `--omit dev` it would leave out, of npm 11, each package
 * that a tool for development needs as well, such as `graphql`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Lock {
  packages: Record<string, { dev?: boolean; devDependencies?: object }>;
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const { devDependencies: _tools, ...manifest } = read('package.json') as { devDependencies?: object };
const lock = read('package-lock.json') as Lock;
const { devDependencies: _locked, ...root } = lock.packages['']!;
const needed = Object.entries(lock.packages).filter(([, entry]) => !entry.dev);

const folder = mkdtempSync(join(tmpdir(), 'agora-sbom-'));
try {
  // npm gives the list the name of its folder.
  const project = join(folder, 'agora');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const packages = { ...Object.fromEntries(needed), '': root };
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  execFileSync('npm', args, { cwd: project, stdio: ['ignore', 'inherit', 'inherit'], timeout: 60_000 });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
