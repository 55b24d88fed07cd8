/** A copy of the first client in a project of its own, made by the steps of its page. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'examples/first-client');
const page = readFileSync(join(CLIENT, 'README.md'), 'utf8');

/** A project with the copy in it. */
export interface CopiedClient {
  folder: string;
  /** Runs a command of the page in the project. @throws Error with its output, if it fails, or if the page has no such command */
  run(command: string): Promise<string>;
  remove(): void;
}

/**
 * Makes the project. The packages that the page says to install are links to ours, and no others can be found in it.
 */
export async function copyClient(): Promise<CopiedClient> {
  const folder = mkdtempSync(join(tmpdir(), 'agora-copy-'));
  cpSync(CLIENT, join(folder, 'first-client'), { recursive: true });
  cpSync(join(ROOT, 'schema/api.graphql'), join(folder, 'api.graphql'));
  const run = async (command: string): Promise<string> => {
    if (!page.includes(command)) throw new Error(`The page does not say: ${command}`);
    const { NODE_OPTIONS: _, ...env } = process.env;
    const options = { cwd: folder, env: { ...env, npm_config_offline: 'true' } };
    try {
      const { stdout, stderr } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], options);
      return stdout + stderr;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command}: ${stdout}${stderr}`, { cause: error });
    }
  };
  for (const command of ['npm init -y', 'npm pkg set type=module']) await run(command);
  const link = (name: string): void => {
    const at = join(folder, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), at);
  };
  const installed = [...page.matchAll(/^ *npm install (.+)$/gm)].flatMap(([, words]) => words!.split(' '));
  for (const name of [...installed.filter((word) => !word.startsWith('--')), '.bin']) link(name);
  for (const [file, language] of [
    ['codegen.ts', 'ts'],
    ['tsconfig.json', 'json'],
  ] as const)
    writeFileSync(join(folder, file), blockBehind(`\`${file}\``, language));
  return { folder, run, remove: () => rmSync(folder, { recursive: true }) };
}

/** The first block of a language behind these words of the page. */
function blockBehind(words: string, language: string): string {
  const behind = page.slice(page.indexOf(`Put this into ${words}`) + 1 || page.indexOf(`put this into ${words}`));
  const [, block] = new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, 'm').exec(behind)!;
  return block!;
}
