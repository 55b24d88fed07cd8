/**
 * Loaded before a program by `--import`: writes the name of each npm package that the program loads, a line each, to the
 * file that AGORA_TEST_PACKAGES names. Packages that other packages load are among them.
 */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded = new Set();
const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

registerHooks({
  load(url, context, nextLoad) {
    const name = PACKAGE.exec(url)?.[1];
    if (name && !loaded.has(name)) {
      loaded.add(name);
      appendFileSync(process.env.AGORA_TEST_PACKAGES, `${name}\n`);
    }
    return nextLoad(url, context);
  },
});
