import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { serverIdentity } from '../../../db/embedded-postgres/identity.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { buyer } from '../buyers.ts';
import { onProcess, type ProcessRun } from '../process-run.ts';
import type { History } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { settle } from '../settle.ts';

const TOKENS = ['tok_ok', 'tok_ok', 'tok_declined', 'tok_capture_fails'];
const DISK_MB = 128;
/** The only code with which a client may be refused meanwhile. */
const CLEAR = 'UNAVAILABLE';

export const fullDisk: Scenario = {
  name: 'full-disk',
  does: 'The disk of the database is full for a while: a tablespace on a small tmpfs where we may mount one, else a trigger that raises 53100.',
  long: { orders: 600, faults: 5 },
  short: { orders: 120, faults: 1 },

  run: ({ orders, faults, draw, history, say }) =>
    onProcess({}, async (ground) => {
      const { shop, variantId } = ground;
      const disk = (await smallDisk(ground)) ?? pretendedDisk(ground);
      say(disk.is);
      try {
        const answers: Promise<unknown>[] = [];
        const send = () => answers.push(buyer(shop, history, { token: draw.oneOf(TOKENS), variantId }).insist());
        for (let fault = 0; fault < faults; fault++) {
          const due = Math.round(orders / faults);
          for (let n = 0; n < due / 2; n++) send();
          await sleep(draw.between(50, 500));
          await disk.fill();
          for (let n = 0; n < due / 2; n++) send();
          await untilRefused(history);
          await disk.free();
          await Promise.all(answers.splice(0));
        }
        const settled = await settle(shop.kysely, history.entries);
        const refusals = history.entries.filter(({ kind }) => kind === 'failed');
        if (refusals.length === 0) settled.violations.push('the disk was never full');
        const unclear = history.entries.filter(
          (entry) => entry.kind === 'unanswered' || (entry.kind === 'failed' && entry.code !== CLEAR),
        );
        settled.violations.push(...unclear.map((entry) => `answered with ${JSON.stringify(entry)}`).slice(0, 20));
        return {
          ...settled,
          faults: `${faults} times full (${disk.is})`,
          notes: `${refusals.length} answers ${CLEAR}`,
        };
      } finally {
        await disk.remove();
      }
    }),
};

/** Keeps the disk full for three seconds, and on a busy machine until a request has failed by it. */
async function untilRefused(history: History): Promise<void> {
  const before = history.counts().failed;
  const began = performance.now();
  do await sleep(3000);
  while (history.counts().failed === before && performance.now() - began < 30_000);
}

interface Disk {
  is: string;
  fill(): Promise<void>;
  free(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * A small disk; undefined where we may not mount. PostgreSQL's write-ahead log stays on its own disk: without it there
 * is no server.
 */
async function smallDisk({ shop, postgres }: ProcessRun): Promise<Disk | undefined> {
  const disk = mountSmallDisk(DISK_MB);
  if (!disk) return undefined;
  const { uid, gid } = serverIdentity();
  const place = join(disk.folder, 'tablespace');
  await mkdir(place, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(place, uid, gid);
  await withAdmin(postgres.adminUrl, async (admin) => {
    await admin.query(`create tablespace small owner agora location '${place}'`);
  });
  await move(shop, 'small');
  return {
    is: `a tmpfs of ${DISK_MB} MB`,
    fill: async () => disk.fill(),
    free: async () => disk.free(),
    remove: async () => {
      await move(shop, 'pg_default').catch(() => {});
      disk.remove();
    },
  };
}

/** Tables that an order adds to. */
const TABLES = ['"order".orders', '"order".timeline_entry', 'dbos.operation_outputs', 'payment.payment'];

/**
 * Moves all tables and their indexes, so that none can grow. A statement each: moving one takes its exclusive lock, and
 * a transaction that holds several of those beside a working shop ends in a deadlock.
 */
async function move({ kysely }: ProcessRun['shop'], tablespace: string): Promise<void> {
  const { rows } = await sql<{ kind: string; name: string }>`
    select case c.relkind when 'r' then 'table' else 'index' end as kind, c.oid::regclass::text as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('order', 'payment', 'inventory', 'notification', 'platform', 'dbos') and c.relkind in ('r', 'i')`.execute(
    kysely,
  );
  for (const { kind, name } of rows) {
    await sql.raw(`alter ${kind} if exists ${name} set tablespace ${tablespace}`).execute(kysely);
  }
}

async function withAdmin(url: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const agora = new URL(url);
  agora.pathname = '/agora';
  const admin = new pg.Client({ connectionString: agora.href, connectionTimeoutMillis: 10_000 });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** A trigger with the error that PostgreSQL raises on a full disk, in place of one. */
function pretendedDisk({ shop }: ProcessRun): Disk {
  const run = (text: string) => async () => void (await sql.raw(text).execute(shop.kysely));
  return {
    is: 'a trigger that raises 53100',
    fill: run(`
      create schema if not exists chaos;
      create or replace function chaos.full() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$;
      ${TABLES.map((table) => `create trigger full_disk before insert on ${table} execute function chaos.full();`).join('\n')}`),
    free: run(TABLES.map((table) => `drop trigger if exists full_disk on ${table};`).join('\n')),
    remove: async () => {},
  };
}
