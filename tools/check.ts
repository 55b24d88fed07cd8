/** `npm run check`: every check of the code that needs no run of it, two at a time. */
import { spawn } from 'node:child_process';
import { styleText } from 'node:util';

const AT_ONCE = 2;
const TOO_LONG = 120_000;
const bin = (name: string, ...args: string[]): string[] => [`node_modules/.bin/${name}`, ...args];
const node = (...args: string[]): string[] => [process.execPath, '--no-warnings', ...args];

/** The checks, and for each the command that says more or mends it. */
const CHECKS: readonly { what: string; command: string[]; mend?: string }[] = [
  { what: 'installed packages', command: node('tools/check-installed.ts'), mend: 'npm ci' },
  { what: 'types', command: bin('tsc', '-p', '.') },
  { what: 'lint', command: bin('oxlint', '--type-aware') },
  { what: 'format', command: bin('biome', 'check', '--reporter=summary', '.'), mend: 'npm run format' },
  { what: 'generated code', command: node('tools/codegen.ts', '--check'), mend: 'npm run codegen' },
  { what: 'published contract', command: node('tools/schema.ts', '--check'), mend: 'npm run schema' },
  { what: 'lock file', command: node('tools/complete-lock.ts', '--check'), mend: 'npm run lock' },
  { what: 'licences', command: node('tools/check-licences.ts') },
  { what: 'schema lint', command: node('tools/lint-schema.ts') },
  {
    what: 'architecture',
    command: node(
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--silent',
      '--globalSetup=',
      '--globalTeardown=',
      'tests/architecture',
    ),
  },
];

const waiting = [...CHECKS];
const failed: string[] = [];
const started = performance.now();
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(failed.length > 0 ? `\n${failed.join(', ')} failed` : `\nall is well, in ${seconds(started)}`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function work(): Promise<void> {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const { what, command, mend } = check;
    const begun = performance.now();
    const { isGood, output } = await run(command);
    console.log(
      `${isGood ? styleText('green', 'ok    ') : styleText('red', 'failed')} ${what} ${styleText('dim', seconds(begun))}`,
    );
    if (isGood) continue;
    failed.push(what);
    console.log(`${output.trim().replace(/^/gm, '  ')}\n${mend ? `  mend it with ${mend}\n` : ''}`);
  }
}

function run([program, ...args]: string[]): Promise<{ isGood: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TOO_LONG });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', (error) => resolve({ isGood: false, output: error.message }));
    child.once('close', (code, signal) =>
      resolve({ isGood: code === 0, output: signal ? `${output}\nended by ${signal}` : output }),
    );
  });
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
