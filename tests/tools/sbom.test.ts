/** The software bill of materials: it has the packages of a running Agora, all of them and no others. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Component {
  name: string;
  version: string;
  licenses?: object[];
  hashes?: object[];
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, { version: string; dev?: boolean }>;
};
const locked = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
const named = (path: string, version: string): string => `${path.split('node_modules/').at(-1)} ${version}`;

test('it lists each package of the lock file that is not for development only, with its hash', () => {
  const text = execFileSync(process.execPath, ['--no-warnings', 'tools/sbom.ts'], { encoding: 'utf8' });
  const { bomFormat, components } = JSON.parse(text) as { bomFormat: string; components: Component[] };
  expect(bomFormat).toBe('CycloneDX');
  const listed = new Set(components.map(({ name, version }) => `${name} ${version}`));
  expect(listed).toEqual(new Set(locked.map(([path, { version }]) => named(path, version))));
  expect(listed).toContain(`graphql ${packages['node_modules/graphql']!.version}`);
  expect([...listed].filter((one) => one.startsWith('jest '))).toEqual([]);
  expect(components.filter(({ hashes = [] }) => hashes.length === 0)).toEqual([]);
});

test('that of the image is made where only the packages of the image are', () => {
  const made = readFileSync('Dockerfile', 'utf8').split('\nFROM ')[1]!;
  expect(made).toMatch(/npm ci --omit=dev[^]*npm pkg delete devDependencies[^]*npm sbom (?!.*--omit)/);
});
