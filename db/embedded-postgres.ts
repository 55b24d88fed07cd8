/**
 * A real PostgreSQL beside us, for when none is configured: nothing to install, safe under `kill -9`, its data kept
 * over restarts. Works as root (it steps down to `nobody`), as an ordinary user, and in a home that only root may
 * enter.
 */
import { existsSync } from 'node:fs';
import { Fault } from '../platform/errors.ts';
import { findBinaries } from './embedded-postgres/binaries.ts';
import { archiveOf, archiveSettings, beginArchive, endArchive } from './embedded-postgres/archiving.ts';
import { archivesLike } from './embedded-postgres/archives-like.ts';
import { canonicalOf } from './embedded-postgres/canonical.ts';
import { makeCluster, requireNotLost } from './embedded-postgres/cluster.ts';
import { credentialsOf, makeCredentials } from './embedded-postgres/credentials.ts';
import { deleteHome, type Home, homeFor, makeHome } from './embedded-postgres/home.ts';
import { type Identity, serverIdentity } from './embedded-postgres/identity.ts';
import { join as joinServer } from './embedded-postgres/join.ts';
import { adoptOrLaunch, type LaunchOptions } from './embedded-postgres/launch.ts';
import {
  claim,
  enter,
  goOut,
  handOver,
  isOurs,
  leave,
  nameOf,
  type Owner,
  otherOwner,
} from './embedded-postgres/owner.ts';
import { endPostmaster, type Postmaster, runningPostmaster } from './embedded-postgres/postmaster.ts';
import { makeRoleAndDatabase } from './embedded-postgres/roles.ts';
import { defaultSettings } from './embedded-postgres/settings.ts';
import { statementStatistics } from './embedded-postgres/statement-statistics.ts';

/** Milliseconds that a start may take: after a crash the log is replayed first. */
const START_MS = 120_000;

/** Options of the embedded server. */
export interface EmbeddedPostgresOptions {
  /** Where to keep the data. Made if it is not there. */
  dataDir: string;
  /** Called with lines worth telling the operator. */
  log: (line: string) => void;
  /** Settings of PostgreSQL, over ours. An adopted server keeps those that it was started with. */
  settings?: Record<string, string>;
  /** Keeps figures of each statement, in the database `postgres`. Those of an adopted server begin with its next start. */
  keepsStatementStatistics?: boolean;
  /**
   * Stops the server however we end: by default it goes on after a `kill -9`, and is adopted by the next process. Only
   * on Linux.
   */
  endsWithUs?: boolean;
  /** Refuses when there is no database: one that was there before is lost then, and is not made anew. */
  mustExist?: boolean;
  /** Refuses when another live process owns it: for a process that serves for long, and would lose it with that one. */
  alone?: boolean;
  /**
   * Directory for an archive of the write-ahead log (db/archive.ts), or `off` for none. A server that runs
   * already and archives otherwise is started anew. @default as it was
   */
  archive?: string;
  /** Milliseconds that a start may take, the replay of the log included. @default 120,000 */
  startMs?: number;
}

/** The value of {@link EmbeddedPostgresOptions.archive} for no archive. */
export const NO_ARCHIVE = 'off';

/** An embedded server that takes connections. */
export interface EmbeddedPostgres {
  /** Address of the ordinary role `agora`, on database `agora`, which it owns. */
  url: string;
  /**
   * Address of the superuser, on database `postgres`. For tests' template databases and repairs, not for the platform.
   */
  adminUrl: string;
  /** Port on 127.0.0.1. The same as last time, if that was free. */
  port: number;
  /** Pid of the postmaster, the server's first process. */
  pid: number;
  /** The archive that its write-ahead log goes to, if it goes to one. */
  archive?: string;
  /** Whether another live process owns it, and looks after it. */
  isGuest: boolean;
  /** Stops it, within five seconds at worst. Does nothing when another live process owns the server. */
  stop(): Promise<void>;
}

/**
 * Starts the server on this data folder, or adopts the one that a killed process of ours left behind. Of two processes
 * one is its owner, and the other a guest of it, or refused if it wants to be alone.
 * @throws {Fault} when it does not start, with the server's output; `DATA_IN_USE`, `DATABASE_GONE`, `FOLDER_UNUSABLE`,
 * or a fault that names a broken file
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  // A process that exits before this returns ends a new server: no other process knows of it yet.
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
  const { dataDir, log, alone = false, mustExist = false } = options;
  const identity = serverIdentity();
  const home = homeFor(dataDir, identity);
  if (home.folder !== canonicalOf(dataDir)) log(`only root may enter ${dataDir}: the data is in ${home.folder}`);
  // Before a folder is made, which would stand where the lost one is to come back.
  if (mustExist) requireNotLost(home, mustExist);
  makeHome(home, identity);
  for (;;) {
    const held = isOurs(home);
    const owner = await claim(home);
    if (!owner) return asOwner(home, identity, { ...options, held }, onLaunch);
    if (alone) throw inUse(home, owner);
    const joined = await joinServer(home, owner);
    if (joined) return asGuest(home, joined, owner, options);
  }
}

async function asOwner(
  home: Home,
  identity: Identity,
  {
    log,
    settings,
    endsWithUs = false,
    alone = false,
    mustExist = false,
    held,
    ...wishes
  }: EmbeddedPostgresOptions & { held: boolean },
  onLaunch: LaunchOptions['onLaunch'],
): Promise<EmbeddedPostgres> {
  try {
    requireNotLost(home, mustExist);
    const credentials = mustExist ? credentialsOf(home) : makeCredentials(home);
    const binaries = findBinaries(identity, log);
    const isNew = !mustExist && (await makeCluster(home, binaries, identity, credentials.superuser));
    if (isNew || wishes.archive === NO_ARCHIVE) endArchive(home);
    if (wishes.archive && wishes.archive !== NO_ARCHIVE) beginArchive(home, identity, wishes.archive);
    const figures = wishes.keepsStatementStatistics && statementStatistics(binaries);
    const launch: LaunchOptions = {
      home,
      binaries,
      identity,
      settings: { ...defaultSettings, ...figures, ...archiveSettings(home), ...settings },
      password: credentials.superuser,
      endsWithUs,
      startMs: wishes.startMs ?? START_MS,
      onLaunch,
    };
    let server = await adoptOrLaunch(launch);
    if (server.adopted && wishes.archive && !(await archivesLike(launch, server))) {
      log(`PostgreSQL (pid ${server.pid}) archives otherwise, and is started anew`);
      await endServer(home);
      server = await adoptOrLaunch(launch);
    }
    if (server.adopted) log(`PostgreSQL (pid ${server.pid}) is adopted`);
    const other = otherOwner(home);
    if (other) throw inUse(home, other);
    const ready = await opened(home, server);
    return { ...ready, isGuest: false, stop: () => stop(home, { handsOver: !alone }) };
  } catch (error) {
    // An owner that tries to start it again goes on being its owner.
    if (held) await endServer(home);
    else await stop(home, { handsOver: false });
    throw error;
  }
}

async function asGuest(
  home: Home,
  server: Postmaster,
  owner: Owner,
  { log }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  enter(home);
  log(`PostgreSQL (pid ${server.pid}) of ${nameOf(owner)} is used`);
  try {
    const ready = await opened(home, server);
    return { ...ready, isGuest: true, stop: () => leaveAsGuest(home) };
  } catch (error) {
    await leaveAsGuest(home);
    throw error;
  }
}

/** The server's addresses, its role and database made: also a guest may be the first to want them. */
async function opened(home: Home, { pid, port }: Postmaster): Promise<Omit<EmbeddedPostgres, 'isGuest' | 'stop'>> {
  const credentials = credentialsOf(home);
  const at = `127.0.0.1:${port}`;
  const adminUrl = `postgres://postgres:${credentials.superuser}@${at}/postgres`;
  await makeRoleAndDatabase(adminUrl, credentials, home.credentials);
  return { url: `postgres://agora:${credentials.agora}@${at}/agora`, adminUrl, port, pid, archive: archiveOf(home) };
}

/**
 * Requires that no other live process owns the server of this data folder: for a start that checks it before anything
 * else. @throws {Fault} `DATA_IN_USE`
 */
export function requireUnowned(dataDir: string): void {
  const home = homeFor(dataDir, serverIdentity());
  const owner = existsSync(home.owner) ? otherOwner(home) : undefined;
  if (owner) throw inUse(home, owner);
}

/**
 * Ends the server of this data folder, if one runs, and deletes its data: for `--reset`.
 * @throws {Fault} `DATA_IN_USE` when another live process works on it, `POSTGRES_WILL_NOT_STOP`.
 */
export async function deleteEmbeddedPostgres(dataDir: string): Promise<void> {
  const home = homeFor(dataDir, serverIdentity());
  await whileStopped(home, async () => deleteHome(home));
}

/**
 * Works on the data folder while no server and no process of ours runs on it. It may not be there.
 * @throws {Fault} `DATA_IN_USE` when another live process works on it, `POSTGRES_WILL_NOT_STOP`.
 */
export async function whileStopped(home: Home, work: () => Promise<void>): Promise<void> {
  if (!existsSync(home.folder)) return work();
  const owner = await claim(home);
  if (owner) throw inUse(home, owner);
  try {
    await endServer(home);
    await work();
  } finally {
    leave(home);
  }
}

const inUse = ({ folder }: Home, owner: Owner): Fault =>
  new Fault(
    'DATA_IN_USE',
    `The database in ${folder} is that of ${nameOf(owner)}: end it first, or name another folder in AGORA_DATA, ` +
      'since each Agora needs one of its own.',
  );

async function leaveAsGuest(home: Home): Promise<void> {
  goOut(home);
  // The owner may have left the server to us.
  if (!otherOwner(home)) await stop(home, { handsOver: true });
}

/**
 * Stops the server after looking it up again: since we saw it, it may have been killed, and started anew by another
 * process.
 */
async function stop(home: Home, { handsOver }: { handsOver: boolean }): Promise<void> {
  if (otherOwner(home) || (handsOver && handOver(home))) return;
  await endServer(home);
  leave(home);
}

async function endServer(home: Home): Promise<void> {
  const running = runningPostmaster(home.cluster);
  if (running) await endPostmaster(running.pid);
}
