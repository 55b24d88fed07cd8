/** In a copy of the house: the generator writes a room like any other. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { forbiddenImports, impureImports } from '../architecture/imports.ts';
import { misshapenRooms } from '../architecture/rooms.ts';
import { readSource } from '../architecture/source.ts';
import { worldlyRooms } from '../architecture/style.ts';

const ROOT = join(import.meta.dirname, '../..');
const NOT_COPIED = new Set(['node_modules', '.git', '.agora', 'coverage']);
const ROOM = 'subgraphs/stampcard';

let house: string;
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'agora-new-agent-'));
  cpSync(ROOT, house, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  expect(tool('new-agent.ts', 'stampcard', '--area', 'marketing', '--title', 'Stamp Card')).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(house, { recursive: true, force: true }));

function run(program: string, args: string[]): { code: number | null; output: string } {
  // Its tests use the server of this run.
  const env = { ...process.env, AGORA_TEST_DATABASE_URL: process.env.AGORA_TEST_ADMIN_URL };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: house, encoding: 'utf8', env, timeout: 400_000 });
  return { code: status, output: stdout + stderr };
}

const tool = (name: string, ...args: string[]) => run(process.execPath, ['--no-warnings', `tools/${name}`, ...args]);

/** The lines of a report that are about the new room. */
const about = (lines: string[]): string[] => lines.filter((line) => line.includes('stampcard'));

/**
 * What the generator answers to command lines that it refuses, in one process: each is a run of the whole tool, and only
 * the start of Node and the loading of all rooms' code is done once for all.
 */
function refusals(lines: readonly string[][]): { code: number; output: string }[] {
  const program = `
    const answers = [];
    console.error = (text) => answers.at(-1).output.push(text);
    for (const [n, line] of ${JSON.stringify(lines)}.entries()) {
      answers.push({ code: 0, output: [] });
      process.argv = [process.execPath, ...line]; // Of a program by --eval there is no file in it.
      await import('./tools/new-agent.ts?' + n);
      answers.at(-1).code = process.exitCode ?? 0;
      process.exitCode = 0;
    }
    console.log(JSON.stringify(answers.map(({ code, output }) => ({ code, output: output.join('\\n') }))));`;
  const { code, output } = run(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program]);
  expect({ code, output }).toMatchObject({ code: 0 });
  return JSON.parse(output);
}

test('an impossible name, or one that another room has a part of, is refused before anything is written', () => {
  const wanted: [line: string[], reason: string][] = [
    [[], 'usage: npm run new:agent'],
    [['Gift-Card', '--area', 'marketing'], 'one word of 2 to 31 lower-case letters'],
    [['select', '--area', 'marketing'], 'means something to SQL'],
    [['wishlist', '--area', 'shops'], 'There is no area "shops": --area commerce,'],
    [['work', '--area', 'marketing'], 'means something to SQL'],
    [['ware', '--area'], "Option '--area <value>' argument missing"],
    [['stampcard', '--area', 'marketing'], 'There is an agent "stampcard" already'],
    [['ware', '--area', 'marketing', '--title', 'Product'], 'has `type Product`'],
    // A type of results, by the name and by the title; a field of the root; the type itself; the prefix of ids.
    [['auth', '--area', 'trust'], 'identity has `type AuthPayload`'],
    [['dispatch', '--area', 'trust', '--title', 'Place Order'], 'order has `type PlaceOrderPayload`'],
    [['whoami', '--area', 'trust', '--title', 'Me'], 'identity has `me`'],
    [['sale', '--area', 'trust', '--title', 'Stamp Card'], 'stampcard has `type StampCard`'],
    [['variant', '--area', 'trust'], 'product has ids that begin with `variant_`'],
  ];
  const agents = readFileSync(join(house, 'schema/agents.json'), 'utf8');
  const rooms = readdirSync(join(house, 'subgraphs'));
  expect(refusals(wanted.map(([line]) => line))).toEqual(
    wanted.map(([, reason]) => ({ code: 1, output: expect.stringContaining(reason) })),
  );
  expect(readdirSync(join(house, 'subgraphs'))).toEqual(rooms);
  expect(readFileSync(join(house, 'schema/agents.json'), 'utf8')).toBe(agents);
});

test('the tool itself ends with an error and no stack', () => {
  const { code, output } = tool('new-agent.ts', 'ware', '--area');
  expect(output).toMatch(/^Option '--area <value>' argument missing$/m);
  expect(code).toBe(1);
});

describe('the new room', () => {
  test('type-checks, is linted and formatted', () => {
    expect(about(run('node_modules/.bin/tsc', ['-p', '.']).output.split('\n'))).toEqual([]);
    expect(run('node_modules/.bin/oxlint', ['--type-aware', ROOM])).toMatchObject({ code: 0 });
    expect(run('node_modules/.bin/biome', ['check', ROOM])).toMatchObject({ code: 0 });
  });

  test('keeps the rules of the architecture and of the schema', () => {
    const source = readSource(house);
    const problems = [forbiddenImports, impureImports, misshapenRooms, worldlyRooms].flatMap((rule) => rule(source));
    expect(about(problems)).toEqual([]);
    expect(about(tool('lint-schema.ts').output.split('\n'))).toEqual([]);
  });

  test('passes its own tests, and the tests of every room', () => {
    const result = run(process.execPath, [
      '--no-warnings',
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--maxWorkers=1',
      ROOM,
      'tests/data',
      'tests/security/own-rows',
      'tests/deploy/compose',
      'tests/security/permissions/every-(row|change)',
    ]);
    expect(result.output).toMatch(/Test Suites: (\d+) passed, \1 total/);
    expect(result.code).toBe(0);
  });

  test('is in the contract, which is not broken without intent', () => {
    const api = join(house, 'schema/api.graphql');
    expect(readFileSync(api, 'utf8')).toContain('renameStampCard(input: RenameStampCardInput!): StampCardPayload');
    expect(readFileSync(join(house, 'schema/events/stampcard.renamed.json'), 'utf8')).toContain('"stampCardId"');
    expect(tool('schema.ts', '--check')).toMatchObject({ code: 0 });

    const sdl = join(house, ROOM, 'schema.graphql');
    writeFileSync(sdl, readFileSync(sdl, 'utf8').replace(/ {2}"Gives a stamp card another name\."\n.*\n/, ''));
    const refused = tool('schema.ts');
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('Mutation.renameStampCard') });
    expect(refused.output).toContain('npm run schema -- --accept-breaking');
    expect(readFileSync(api, 'utf8')).toContain('renameStampCard(');
    expect(tool('schema.ts', '--accept-breaking')).toMatchObject({ code: 0 });
    expect(readFileSync(api, 'utf8')).not.toContain('renameStampCard(');
  });
});
