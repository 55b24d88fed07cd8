/**
 * `npm run rehearse [-- --rooms 26] [--suite] [--keep]`: the house with the rooms that are to come. It copies the
 * project, writes rooms into the copy by the generator, each with an entity of a customer's, a field on `Customer`, a
 * handler, a command, a capability folder and a scheduled job, and measures what grows with their number. Linux; takes
 * some minutes. With `--suite` it runs all tests in the copy instead, which takes half an hour.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { roomLines } from './rehearse/ceremony.ts';
import { futureRooms } from './rehearse/future-rooms.ts';
import { orderPage, signInOperator } from './rehearse/order-page.ts';
import { ask, type Started, start } from './rehearse/start.ts';

const ROOT = join(import.meta.dirname, '..');
const NOT_COPIED = new Set(['node_modules', '.git', '.agora', 'coverage']);
const LIST = `{ products(first: 20) { nodes { name variants { sku price { amount } availability { available } } } } }`;

const { values } = parseArgs({
  options: { rooms: { type: 'string', default: '26' }, suite: { type: 'boolean' }, keep: { type: 'boolean' } },
});
const rooms = futureRooms(Number(values.rooms));
const house = mkdtempSync(join(tmpdir(), 'agora-rehearsal-'));
// Some tests start a server as another user, who has to read the copy.
chmodSync(house, 0o755);
const JEST = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];

async function rehearse(): Promise<void> {
  cpSync(ROOT, house, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  say(`${rooms.length} rooms are written`);
  const write = `import { addRooms } from './tools/new-agent/add-rooms.ts';
    import { futureRooms } from './tools/rehearse/future-rooms.ts';
    addRooms(futureRooms(${rooms.length}));`;
  execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', write], {
    cwd: house,
    stdio: 'ignore',
  });
  if (values.suite) {
    const { status } = spawnSync(process.execPath, ['--no-warnings', ...JEST], { cwd: house, stdio: 'inherit' });
    process.exitCode = status ?? 1;
    return;
  }
  const rows: [what: string, figure: string][] = [['supergraph', `${kB('schema/supergraph.graphql')} kB`]];
  const [compose] = limitsIn('docker-compose.yml');
  const [direct, pooled] = limitsIn('deploy/kubernetes/connections.yaml');
  rows.push(['connections that PostgreSQL must take: compose', compose!]);
  rows.push(['the same: Kubernetes at its most pods, and behind PgBouncer', `${direct}, ${pooled}`]);

  rows.push(['lines of a generated room, and their ceremony', ceremonyOf(rooms[0]!.name)]);

  say('it is started twice');
  // Where the checks do not look.
  const data = join(house, '.agora');
  rows.push(['first start, demo data included, to the first answer', await withStart(data, firstAnswer)]);
  rows.push(['second start to the first answer', await withStart(data, firstAnswer)]);
  await withStart(data, async (agora) => {
    const [cold, warm] = [await ask(agora.url, LIST), await ask(agora.url, LIST)];
    rows.push(['a list of 20 products, cold (its plan included), and again', `${ms(cold)}, ${ms(warm)}`]);
    const operator = await signInOperator(agora.url);
    const page = (): Promise<number> => ask(agora.url, orderPage(rooms), operator);
    const [coldPage, warmPage] = [await page(), await page()];
    rows.push([
      `the page of an order, over ${rooms.length + 8} rooms, cold (its plan included), and again`,
      `${ms(coldPage)}, ${ms(warmPage)}`,
    ]);
    await sleep(10_000);
    rows.push(['memory, idle', `${agora.memoryMb()} MB`]);
    const end = performance.now() + 15_000;
    let most = 0;
    const client = async (): Promise<void> => {
      while (performance.now() < end) {
        await ask(agora.url, LIST);
        most = Math.max(most, agora.memoryMb());
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    rows.push(['memory, eight clients asking for lists for 15 seconds', `${most} MB`]);
    return '';
  });

  say('checks and tests');
  rows.push(['`npm run check`', timed('tools/check.ts')]);
  const jest = [...JEST, '--maxWorkers=1'];
  const name = rooms[0]!.name;
  rows.push([`the tests of one room (${name})`, timed(...jest, `subgraphs/${name}`)]);
  const idle = timed(...jest, 'tests/scenarios/idle');
  rows.push(['an idle process asks PostgreSQL below 20 statements a second', isFailure(idle) ? idle : 'yes']);

  console.log(`\n| with ${rooms.length} more rooms | |\n|---|---|`);
  for (const [what, figure] of rows) console.log(`| ${what} | ${figure} |`);
}

/** Measures something of an Agora that is started for it. */
async function withStart<T>(data: string, look: (agora: Started) => T | Promise<T>): Promise<T> {
  const agora = await start(house, data);
  try {
    return await look(agora);
  } finally {
    await agora.stop();
  }
}

const firstAnswer = ({ firstAnswerMs }: Started): string => `${(firstAnswerMs / 1000).toFixed(1)} s`;
const ms = (milliseconds: number): string => `${Math.round(milliseconds)} ms`;
const kB = (file: string): number => Math.round(statSync(join(house, file)).size / 1000);

function ceremonyOf(room: string): string {
  const { all, imports, entities, wiring, resolvers, shapes } = roomLines(join(house, 'subgraphs', room));
  const share = Math.round((100 * (imports + entities + wiring + resolvers + shapes)) / all);
  return `${all}, ${share} % (imports ${imports}, entities ${entities}, wiring ${wiring}, resolvers ${resolvers}, SDL ${shapes})`;
}

/** Each `max_connections` that a deployment file of the copy has. */
const limitsIn = (file: string): string[] =>
  Array.from(readFileSync(join(house, file), 'utf8').matchAll(/max_connections ?= ?(\d+)/g), ([, limit]) => limit!);

const FAILED = 'FAILED';
const isFailure = (report: string): boolean => report.startsWith(FAILED);

/** Runs a program of the copy, and reports how long it took, or that it failed. */
function timed(...args: string[]): string {
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', ...args], {
    cwd: house,
    encoding: 'utf8',
    timeout: 600_000,
  });
  const seconds = `${((performance.now() - begun) / 1000).toFixed(0)} s`;
  if (status === 0) return seconds;
  process.stderr.write(`${stdout}${stderr}`.slice(-4000));
  return `${FAILED} after ${seconds}`;
}

function say(what: string): void {
  process.stderr.write(`${what} …\n`);
}

try {
  await rehearse();
} finally {
  if (values.keep) console.log(`\nThe copy stays in ${house}.`);
  else rmSync(house, { recursive: true, force: true });
}
