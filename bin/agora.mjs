#!/usr/bin/env node
/**
 * The entry of every script: `node bin/agora.mjs bin/start.ts …` runs that file under Node 24. Old-fashioned plain
 * JavaScript, because an old Node must be able to read it: such a one re-executes us under the Node 24 that npm
 * installed beside us (`optionalDependencies` of package.json), or says what is missing.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WANTED = 24;
const MODULES = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules');
const [file, ...args] = process.argv.slice(2);

if (!file) {
  console.error('usage: node bin/agora.mjs <file> [arguments]');
  process.exit(2);
}

if (Number.parseInt(process.versions.node, 10) >= WANTED) {
  delete process.env.AGORA_NEWER_NODE;
  process.argv = [process.argv[0], resolve(file), ...args];
  // Caches V8's compiled code and TypeScript's stripped sources for the next start; where there is no room for it,
  // there is no cache. https://nodejs.org/api/module.html#module-compile-cache
  module.enableCompileCache(join(MODULES, '.cache', 'compile'));
  await import(pathToFileURL(resolve(file)).href);
} else {
  // The second condition: the Node that was found is old as well, and would look for a newer one for ever.
  const newer = installedNode();
  if (!newer || process.env.AGORA_NEWER_NODE) {
    console.error(
      `Agora needs Node ${WANTED}, and this is ${process.version}. Run \`npm ci\` (without --omit=optional), which ` +
        `brings it along where there is a build for ${process.platform}-${process.arch}, or install it yourself: ` +
        'https://nodejs.org',
    );
    process.exit(1);
  }
  runUnder(newer);
}

/** The Node that npm installed; found not by its version but by its package, which is pinned. */
function installedNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const places = [join(MODULES, `node-${system}-${process.arch}`, 'bin', program), join(MODULES, '.bin', program)];
  return places.find(existsSync);
}

/**
 * Runs this script under that Node, as nearly as possible as if it were us: same input and output, signals passed on,
 * same exit.
 */
function runUnder(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, AGORA_NEWER_NODE: node },
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGINT']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal goes to the whole process group: the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`Node ${WANTED} (${node}) does not start: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
