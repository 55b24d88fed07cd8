/**
 * A real PostgreSQL beside us, for when none is given: nothing to install, safe under `kill -9`, its data kept over
 * restarts. Works as root (it steps down to `nobody`), as an ordinary user, and in a home that only root may enter.
 */
import { Fault } from '../platform/errors.ts';
import { findBinaries } from './embedded-postgres/binaries.ts';
import { canonicalOf } from './embedded-postgres/canonical.ts';
import { makeCluster } from './embedded-postgres/cluster.ts';
import { credentialsOf, deleteHome, type Home, homeFor, makeHome } from './embedded-postgres/home.ts';
import { serverIdentity } from './embedded-postgres/identity.ts';
import { adoptOrLaunch, type LaunchOptions } from './embedded-postgres/launch.ts';
import { becomeOwner, leave, otherOwner } from './embedded-postgres/owner.ts';
import { endPostmaster, runningPostmaster } from './embedded-postgres/postmaster.ts';
import { makeRoleAndDatabase } from './embedded-postgres/roles.ts';
import { defaultSettings } from './embedded-postgres/settings.ts';

/** What the embedded server is started with. */
export interface EmbeddedPostgresOptions {
  /** Where to keep the data. Made if it is not there. */
  dataDir: string;
  /** Told, a line at a time, what is worth knowing. */
  log: (line: string) => void;
  /** Settings of PostgreSQL, over ours. A server that is adopted keeps those that it was started with. */
  settings?: Record<string, string>;
  /** Stops it when we end, however: by default it goes on after a `kill -9`, and is adopted by the next. Only on Linux. */
  endsWithUs?: boolean;
}

/** An embedded server that takes connections. */
export interface EmbeddedPostgres {
  /** Of the ordinary role `agora`, on database `agora`, which it owns. */
  url: string;
  /** Of the superuser, on database `postgres`. For tests' template databases and repairs, not for the platform. */
  adminUrl: string;
  /** On 127.0.0.1. The same as last time, if that was free. */
  port: number;
  /** Of the server's first process. */
  pid: number;
  /** Another live process owns it, and looks after it. */
  isGuest: boolean;
  /** Stops it, within five seconds at worst. Does nothing when another live process owns the server. */
  stop(): Promise<void>;
}

/**
 * Starts the server on this data folder, or adopts the one that a killed process of ours left behind.
 * @throws {Fault} when it does not start, with what it said.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  // Who exits before it is returned takes a new server along: nobody else knows of it yet.
  let end = (): void => {};
  const onExit = (): void => end();
  process.once('exit', onExit);
  try {
    return await start(options, (endLaunched) => (end = endLaunched));
  } finally {
    process.off('exit', onExit);
  }
}

async function start(options: EmbeddedPostgresOptions, onLaunch: LaunchOptions['onLaunch']): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options;
  const identity = serverIdentity();
  const home = homeFor(dataDir, identity);
  if (home.folder !== canonicalOf(dataDir)) log(`only root may enter ${dataDir}: the data is in ${home.folder}`);
  makeHome(home, identity);
  const credentials = credentialsOf(home);
  const binaries = findBinaries(identity, log);
  await makeCluster(home, binaries, identity, credentials.superuser);

  const settings = { ...defaultSettings, ...options.settings };
  const { endsWithUs = false } = options;
  const server = await adoptOrLaunch({
    home,
    binaries,
    identity,
    settings,
    password: credentials.superuser,
    endsWithUs,
    onLaunch,
  });
  const guestOf = server.adopted ? otherOwner(home) : undefined;
  if (server.adopted) log(`PostgreSQL (pid ${server.pid}) ${guestOf ? `of process ${guestOf} is used` : 'is adopted'}`);
  if (!guestOf) becomeOwner(home);

  const at = `127.0.0.1:${server.port}`;
  const adminUrl = `postgres://postgres:${credentials.superuser}@${at}/postgres`;
  await makeRoleAndDatabase(adminUrl, credentials);
  return {
    url: `postgres://agora:${credentials.agora}@${at}/agora`,
    adminUrl,
    port: server.port,
    pid: server.pid,
    isGuest: guestOf !== undefined,
    stop: guestOf ? async () => {} : () => stop(home),
  };
}

/**
 * Ends the server of this data folder, if one runs, and deletes its data: for `--reset`.
 * @throws {Fault} `DATA_IN_USE` when another live process works on it, `POSTGRES_WILL_NOT_STOP`.
 */
export async function deleteEmbeddedPostgres(dataDir: string): Promise<void> {
  const home = homeFor(dataDir, serverIdentity());
  const owner = otherOwner(home);
  if (owner) throw new Fault('DATA_IN_USE', `Process ${owner} works on ${home.folder}: end it first.`);
  await stop(home);
  deleteHome(home);
}

/** Looks the server up again: it may have been killed, and started anew by somebody else, since we saw it. */
async function stop(home: Home): Promise<void> {
  if (otherOwner(home)) return;
  const running = runningPostmaster(home.cluster);
  if (running) await endPostmaster(running.pid);
  leave(home);
}
