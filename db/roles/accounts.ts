/** Creates the roles where they are missing, with a password and with time limits on what they may hold up. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { Fault } from '../../platform/errors.ts';
import { limitSettings } from '../pool.ts';
import { scramVerifier } from './scram.ts';

/** A role that logs in. */
export interface Account {
  /** The owner of the role: an agent's name, or `gateway`. */
  owner: string;
  role: string;
  /** The variable that gives its process the address, `DATABASE_URL_ORDER`. */
  variable: string;
  /** The configured password; without it one is made if the role is new. */
  password?: string;
}

/** Options of creating the roles. */
export interface AccountsOptions {
  /** The database's address, from which each account gets its own, with its own name and password. */
  url: string;
  /** File for generated passwords: a new one, readable by its owner alone. */
  out?: string;
  report(line: string): void;
}

/**
 * Creates, in one transaction, a login role per account, the role that owns the event log, and the reader roles of
 * row-level security: either all of them are there and every generated password is in the file, or nothing has
 * happened.
 * @throws {Fault} `ROLES_NEED_OUT`, `ROLE_TOO_MIGHTY`, `ROLES_FORBIDDEN`
 */
export async function makeAccounts(
  admin: pg.Client,
  accounts: readonly Account[],
  keeper: { role: string; usedBy?: string },
  readers: readonly { role: string; usedBy: string }[],
  options: AccountsOptions,
): Promise<void> {
  const database = new URL(options.url).pathname.slice(1);
  const owner = decodeURIComponent(new URL(options.url).username);
  const name = pg.escapeIdentifier;
  const known = await knownRoles(admin, [
    ...accounts.map(({ role }) => role),
    keeper.role,
    ...readers.map(({ role }) => role),
  ]);
  const lines: string[] = [];
  await admin.query('begin');
  for (const account of accounts) {
    const isNew = !known.has(account.role);
    if (known.get(account.role)) throw tooMighty(account);
    const password = account.password ?? (isNew ? randomBytes(24).toString('base64url') : undefined);
    if (!account.password && password)
      lines.push(`${account.variable}=${addressOf(options.url, account.role, password)}`);
    if (isNew) await admin.query(`create role ${name(account.role)} login`);
    if (password)
      await admin.query(`alter role ${name(account.role)} password ${pg.escapeLiteral(scramVerifier(password))}`);
    for (const [setting, value] of Object.entries(limitSettings({})))
      await admin.query(
        `alter role ${name(account.role)} in database ${name(decodeURIComponent(database))} set ${setting} = ${value}`,
      );
    options.report(`${account.role}: ${isNew ? 'made' : account.password ? 'its password is set' : 'was there'}`);
  }
  if (!known.has(keeper.role)) await admin.query(`create role ${name(keeper.role)} nologin`);
  await admin.query(`grant ${name(keeper.role)} to ${name(owner)} with inherit true, set true`);
  // Not inherited: the log is altered only by a session that assumes its keeper's role, for as long as that takes.
  if (keeper.usedBy)
    await admin.query(`grant ${name(keeper.role)} to ${name(keeper.usedBy)} with inherit false, set true`);
  // Not inherited either: only a transaction that assumes the reader's role is bound by row-level security.
  for (const reader of readers) {
    // A superuser, or a role with BYPASSRLS, would be shown everything.
    if (known.get(reader.role)) throw tooMightyReader(reader.role);
    if (!known.has(reader.role)) await admin.query(`create role ${name(reader.role)} nologin`);
    await admin.query(
      `grant ${name(reader.role)} to ${name(reader.usedBy)}, ${name(owner)} with inherit false, set true`,
    );
  }
  writeSecrets(lines, options);
  await admin.query('commit');
}

/** The existing ones of these roles, and whether each has rights beyond any agent's. */
async function knownRoles(admin: pg.Client, roles: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await admin.query<{ name: string; mighty: boolean }>(
    `select rolname::text as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty
       from pg_roles where rolname = any($1)`,
    [roles],
  );
  return new Map(rows.map(({ name, mighty }) => [name, mighty]));
}

/** Writes the passwords before the roles are there: an unknown password would be worse than one without a role. */
function writeSecrets(lines: readonly string[], { out, report }: AccountsOptions): void {
  if (lines.length === 0) return;
  if (!out)
    throw new Fault(
      'ROLES_NEED_OUT',
      `New passwords are made for ${lines.length} roles: say with --out FILE where to write them, or give them as DATABASE_URL_<AGENT>.`,
    );
  try {
    writeFileSync(out, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'is there already' : (cause as Error).message;
    throw new Fault('ROLES_NEED_OUT', `Passwords cannot be written to ${out}: ${reason}. Name a new file.`, { cause });
  }
  report(`${lines.length} passwords are in ${out}: put them into your secret store, and delete the file`);
}

function addressOf(url: string, role: string, password: string): string {
  const address = new URL(url);
  address.username = encodeURIComponent(role);
  address.password = encodeURIComponent(password);
  return address.href;
}

const tooMighty = ({ role, variable }: Account): Fault =>
  new Fault(
    'ROLE_TOO_MIGHTY',
    `Role ${role} may do more than an agent must (it is a superuser, bypasses row security, or makes roles or ` +
      `databases): give ${variable} a role of its own.`,
  );

const tooMightyReader = (role: string): Fault =>
  new Fault(
    'ROLE_TOO_MIGHTY',
    `Role ${role} is to read the rows of one customer, and may do more (it is a superuser, bypasses row security, or ` +
      `makes roles or databases): drop it, and this makes it anew.`,
  );
