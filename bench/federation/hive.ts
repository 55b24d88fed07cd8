/** Hive Gateway with its own defaults, installed in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Rival, startRival } from './rival.ts';

const MANIFEST = `${import.meta.dirname}/../hive/package.json`;

/** Starts it over this supergraph; installs it first, where that was not done yet. */
export async function startHive(supergraphFile: string): Promise<Rival> {
  const folder = installed();
  const port = await freePort();
  const command = join(folder, 'node_modules/@graphql-hive/gateway/dist/bin.js');
  const args = [command, 'supergraph', supergraphFile, '--host', '127.0.0.1', '--port', String(port)];
  return startRival('Hive Gateway', process.execPath, args, { cwd: folder, url: `http://127.0.0.1:${port}/graphql` });
}

function installed(): string {
  const version = createHash('sha256').update(readFileSync(MANIFEST)).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `agora-bench-hive-${version}`);
  if (existsSync(join(folder, 'installed'))) return folder;
  console.log('Hive Gateway is being installed, once.');
  mkdirSync(folder, { recursive: true });
  copyFileSync(MANIFEST, join(folder, 'package.json'));
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`Hive Gateway could not be installed in ${folder}.`);
  copyFileSync(MANIFEST, join(folder, 'installed'));
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
