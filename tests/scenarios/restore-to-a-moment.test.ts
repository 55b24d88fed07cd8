/** A disaster after two orders: the shop is restored to the moment between them, by the operators' commands. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { archivesIn, baseBackupsIn } from '../../db/archive.ts';
import { raw } from '../../platform/data/raw.ts';
import { buyer } from '../chaos/buyers.ts';
import { History } from '../chaos/history.ts';
import { settle } from '../chaos/settle.ts';
import { admin } from '../support/agents.ts';
import { temporaryData } from '../support/agora-process.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale } from '../support/shop.ts';
import { until } from '../support/until.ts';

const CURSORS = '{ consumers { name cursor } }';
const STOCK = 50;

test('the first order is whole, the second never was, a saga in between ends, and the shop goes on', async () => {
  const [old, restored] = [temporaryData(), temporaryData()];
  const folder = mkdtempSync(join(tmpdir(), 'agora-backups-'));
  chmodSync(folder, 0o755); // For root, whose PostgreSQL runs as another user.
  const directory = join(folder, 'backups');
  const env = { BACKUP_DIR: directory };
  const run = (command: string, data: string, ...args: string[]) =>
    promisify(execFile)(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, `../../bin/${command}.ts`), ...args],
      { env: { ...process.env, ...env, AGORA_DATA: data, DATABASE_URL: '' } },
    );
  const [kept, lost] = ['kept', 'lost'].map((name) => new History(join(folder, name))) as [History, History];
  rmSync(restored.data, { recursive: true });
  let shop: ProcessShop | undefined;
  try {
    shop = await openProcessShop({ data: old.data, args: ['--empty'], env });
    await until('the first backup is whole', () => archivesIn(directory).flatMap(baseBackupsIn).length === 1);
    const variantId = await forSale(shop, { stock: STOCK });
    const [{ cursor: early }] = (await done(shop.ask(CURSORS, {}, admin))).consumers;

    const first = await buyer(shop, kept, { token: 'tok_ok', variantId }).insist();
    expect(await settle(shop.kysely, kept.entries)).toMatchObject({ violations: [] });
    const slow = Array.from({ length: 3 }, () => buyer(shop!, kept, { token: 'tok_slow', variantId }));
    expect(await Promise.all(slow.map((each) => each.send()))).not.toContain(undefined);
    const between = await now(shop);
    expect(await running(shop)).toBeGreaterThan(0);
    const second = await buyer(shop, lost, { token: 'tok_ok', variantId, quantity: 7 }).insist();
    expect(await settle(shop.kysely, [...kept.entries, ...lost.entries])).toMatchObject({ violations: [] });
    const [{ cursor: late }] = (await done(shop.ask(CURSORS, {}, admin))).consumers;
    // By hand, beside the running Agora: the log up to here is archived.
    expect((await run('db-backup', old.data)).stdout).toContain('it can be restored to any moment');
    await expect(run('db-restore', old.data, '--to', between)).rejects.toThrow('Nothing was restored');
    await shop.kill();
    await shop.close();
    await old.remove();

    const { stdout } = await run('db-restore', restored.data, '--to', between);
    expect(stdout).toContain(`as it was at ${between}`);
    shop = await openProcessShop({ data: restored.data, args: ['--empty'], env });
    expect(await settle(shop.kysely, kept.entries)).toMatchObject({ violations: [] });
    expect(await running(shop)).toBe(0);
    const answer = await done(
      shop.ask(
        'query ($a: ID!, $b: ID!) { a: order(id: $a) { status total { amount } payments { status } } b: order(id: $b) { id } }',
        { a: first, b: second },
        admin,
      ),
    );
    expect(answer).toEqual({
      a: { status: 'PROCESSING', total: { amount: expect.any(String) }, payments: [{ status: 'CAPTURED' }] },
      b: null,
    });
    expect(await available(shop, variantId)).toBe(STOCK - 1 - slow.length);

    for (const after of [early, late]) {
      const events = shop.watch(
        'subscription ($after: String) { orderUpdated(after: $after) { cursor } }',
        { after },
        admin,
      );
      const [refusal] = await events.until((all) => all.length > 0);
      expect(refusal.errors[0].extensions.code).toBe('CURSOR_EXPIRED');
      await events.stop();
    }
    // The shop goes on, with sagas, and backups of its own beside the old ones.
    expect(await buyer(shop, kept, { token: 'tok_ok', variantId }).insist()).toBeDefined();
    expect(await settle(shop.kysely, kept.entries)).toMatchObject({ violations: [] });
    await until('it is backed up', () => archivesIn(directory).every((archive) => baseBackupsIn(archive).length > 0));
    expect(archivesIn(directory)).toHaveLength(2);
    await until('it is healthy', async () => (await fetch(new URL('/health/backup', shop!.url))).status === 200);
  } finally {
    await shop?.close().catch(() => {});
    await old.remove();
    await restored.remove();
    rmSync(folder, { recursive: true });
  }
});

/** The database's own time. */
async function now(shop: ProcessShop): Promise<string> {
  const { rows } = await raw<{ at: string }>(
    shop.kysely,
    `select to_json(clock_timestamp() at time zone 'UTC') #>> '{}' || 'Z' as at`,
  );
  return rows[0]!.at;
}

/** Number of sagas that have not ended. */
async function running(shop: ProcessShop): Promise<number> {
  const { n } = await shop.kysely
    .selectFrom('dbos.workflow_status')
    .select(({ fn }) => fn.countAll<bigint>().as('n'))
    .where('status', 'in', ['PENDING', 'ENQUEUED', 'DELAYED'])
    .executeTakeFirstOrThrow();
  return Number(n);
}

async function available(shop: ProcessShop, id: string): Promise<number> {
  const query = 'query ($id: ID!) { productVariant(id: $id) { availability { available } } }';
  return (await done(shop.ask(query, { id }, admin))).productVariant.availability.available;
}
