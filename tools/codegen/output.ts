import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A generated file. */
export interface Output {
  path: string;
  /** Undefined: the file is to be deleted. */
  text: string | undefined;
}

/**
 * Writes the files that changed; or, to check, fails naming those that are out of date and the command that mends them.
 */
export function settle(outputs: readonly Output[], check: boolean, mend: string): void {
  const stale = outputs.filter(({ path, text }) => read(path) !== text);
  if (check && stale.length > 0) {
    console.error(`Out of date, run \`${mend}\`:\n${stale.map(({ path }) => `  ${path}`).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  for (const { path, text } of stale) {
    mkdirSync(dirname(path), { recursive: true });
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  }
  console.log(
    check
      ? `${outputs.length} generated files are up to date`
      : `${stale.length} of ${outputs.length} generated files written`,
  );
}

/** The file's text, or undefined where there is none. */
export function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
