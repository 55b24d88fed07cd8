/** `npm run distributed`, as a reader of the README tries it: with demo data, and with all of it in one folder. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Cluster, startCluster } from '../../bin/distributed/cluster.ts';
import { freePort } from '../../db/embedded-postgres/free-port.ts';
import { temporaryData } from '../support/agora-process.ts';
import { until } from '../support/until.ts';

const { data, remove } = temporaryData();
const said: string[] = [];
const start = (signal?: AbortSignal, newKeys?: boolean): Promise<Cluster> =>
  startCluster({ data, demo: true, signal, newKeys, report: (line) => said.push(line) });
let cluster: Cluster | undefined;
beforeAll(async () => {
  cluster = await start();
});
afterAll(async () => {
  await cluster?.stop();
  await remove();
});

async function ask(query: string): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${cluster!.gateways[0]}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as { data: unknown }).data;
}

test('the accounts of the demo sign in, and there is something to buy', async () => {
  const input = '{ email: "customer@agora.test", password: "agora-demo" }';
  const { signIn } = await ask(`mutation { signIn(input: ${input}) { accessToken } }`);
  expect(signIn.accessToken).toMatch(/^ey/);
  const { products } = await ask('{ products(first: 1) { nodes { name } } }');
  expect(products.nodes).toHaveLength(1);
});

test('mails are written into the data folder', async () => {
  const input = '{ email: "ada@example.com", password: "correct horse battery", name: "Ada" }';
  await ask(`mutation { signUp(input: ${input}) { accessToken } }`);
  const mail = join(data, 'mail');
  await until('a mail is there', () => existsSync(mail) && readdirSync(mail).some((name) => name.endsWith('.eml')));
});

test('no password need be noted down, and a role whose password is missing gets a new one', async () => {
  const file = join(data, 'roles.env');
  expect(said.join('\n')).not.toContain(file);
  await cluster!.stop();
  // As after a new agent: one role has no line, and another one is only half there.
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const [first, second, ...others] = lines;
  writeFileSync(file, [...others, second!.slice(0, 30)].join('\n'));
  cluster = await start();
  const { products } = await ask('{ products(first: 1) { nodes { name } } }');
  expect(products.nodes).toHaveLength(1);
  const after = readFileSync(file, 'utf8').trim().split('\n');
  expect(after.filter((line) => lines.includes(line))).toEqual(others);
  expect(after).not.toContain(first);
  expect(after.map((line) => line.split('=')[0])).toEqual(lines.map((line) => line.split('=')[0]));
});

test('lost keys are missed, and not replaced unless the operator says so', async () => {
  await cluster!.stop();
  cluster = undefined;
  const files = ['event-keys', 'secret-keys'].map((name) => join(data, name));
  for (const file of files) {
    const kept = readFileSync(file);
    rmSync(file);
    const said = await start().then(
      (begun) => {
        cluster = begun;
        return 'it has started';
      },
      (error: Error) => error.message,
    );
    expect(said).toContain(`${file} is gone`);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, kept);
  }
  files.forEach((file) => rmSync(file));
  cluster = await start(undefined, true);
  const { products } = await ask('{ products(first: 1) { nodes { name } } }');
  expect(products.nodes).toHaveLength(1);
});

test('a lost database is missed where its keys are, and none is made in its place', async () => {
  await cluster?.stop();
  cluster = undefined;
  const [folder, elsewhere] = [join(data, 'postgres'), join(data, 'elsewhere')];
  renameSync(folder, elsewhere);
  await expect(start()).rejects.toMatchObject({
    code: 'DATABASE_GONE',
    message: expect.stringContaining(`remove the folder ${data}`),
  });
  expect(existsSync(folder)).toBe(false);
  renameSync(elsewhere, folder);
});

/** A server on a port of its own, before which there is a free one. */
async function squatterAfterFreePort(): Promise<Server> {
  for (;;) {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    if ((await freePort(port - 1)) === port - 1) return squatter;
    squatter.close();
  }
}

test('a port of a gateway that is taken stops the command before anything is made', async () => {
  const squatter = await squatterAfterFreePort();
  const { port } = squatter.address() as { port: number };
  const elsewhere = join(data, 'never');
  // The second gateway's port is the one after the first's.
  for (const PORT of [port, port - 1]) {
    const env = { ...process.env, AGORA_DATA: elsewhere, PORT: String(PORT) };
    const program = ['--no-warnings', join(import.meta.dirname, '../../bin/distributed.ts')];
    const error = await promisify(execFile)(process.execPath, program, { env }).then(String, (cause) => cause);
    expect(error).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`port ${port} of 127.0.0.1 is taken. Choose another with PORT`),
    });
  }
  squatter.close();
  expect(existsSync(elsewhere)).toBe(false);
});

test('an aborted start ends all that it has begun, and does not become ready first', async () => {
  await cluster?.stop();
  cluster = undefined;
  said.length = 0;
  const stopping = new AbortController();
  const ended = start(stopping.signal).then(
    () => 'ready',
    (error: Error) => error.name,
  );
  await until('its processes are starting', () => said.some((line) => line.startsWith('rights of')));
  stopping.abort();
  expect(await ended).toBe('AbortError');
  expect(existsSync(join(data, 'postgres', 'postmaster.pid'))).toBe(false);
});
