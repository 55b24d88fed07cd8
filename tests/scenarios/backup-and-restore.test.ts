/** A shop is filled, backed up, destroyed and restored, by the operators' commands. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { buyer } from '../chaos/buyers.ts';
import { History } from '../chaos/history.ts';
import { settle } from '../chaos/settle.ts';
import { admin } from '../support/agents.ts';
import { temporaryData } from '../support/agora-process.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale } from '../support/shop.ts';

const run = (command: string, data: string, ...args: string[]) =>
  promisify(execFile)(
    process.execPath,
    ['--no-warnings', join(import.meta.dirname, `../../bin/${command}.ts`), ...args],
    { env: { ...process.env, AGORA_DATA: data, DATABASE_URL: '' } },
  );

const CURSORS = '{ consumers { name cursor } }';

test('the embedded Agora: every order is restored, sagas under way go on, and old cursors are refused', async () => {
  const [old, restored] = [temporaryData(), temporaryData()];
  const folder = mkdtempSync(join(tmpdir(), 'agora-backup-'));
  const [backup, history] = [join(folder, 'backup'), new History(join(folder, 'history'))];
  rmSync(restored.data, { recursive: true });
  let shop: ProcessShop | undefined;
  try {
    shop = await openProcessShop({ data: old.data, args: ['--empty'] });
    const variantId = await forSale(shop, { stock: 50 });
    const ended = ['tok_ok', 'tok_declined', 'tok_ok'].map((token) => buyer(shop!, history, { token, variantId }));
    for (const each of ended) expect(await each.insist()).toBeDefined();
    expect(await settle(shop.kysely, history.entries)).toMatchObject({ violations: [] });
    const [{ cursor }] = (await done(shop.ask(CURSORS, {}, admin))).consumers;

    await expect(run('db-backup', old.data, '--out', backup)).rejects.toThrow('end it first');
    expect(existsSync(backup)).toBe(false);
    // Killed as soon as they are accepted: their sagas have hardly begun.
    const late = Array.from({ length: 5 }, () => buyer(shop!, history, { token: 'tok_slow', variantId }));
    expect(await Promise.all(late.map((each) => each.send()))).not.toContain(undefined);
    expect(await running(shop)).toBeGreaterThan(0);
    await shop.kill();
    await shop.close();
    await run('db-backup', old.data, '--out', backup);
    await old.remove();

    const { stdout } = await run('db-restore', restored.data, backup);
    expect(stdout).toBe(`${restored.data} is restored. Next: AGORA_DATA='${restored.data}' npm start\n`);
    await expect(run('db-restore', restored.data, backup)).rejects.toThrow('Nothing was restored');
    shop = await openProcessShop({ data: restored.data, args: ['--empty'] });
    expect(await settle(shop.kysely, history.entries)).toMatchObject({ violations: [] });
    expect(await running(shop)).toBe(0);
    const events = shop.watch(
      'subscription ($after: String) { orderUpdated(after: $after) { cursor } }',
      { after: cursor },
      admin,
    );
    const [answer] = await events.until((all) => all.length > 0);
    expect(answer.errors[0].extensions.code).toBe('CURSOR_EXPIRED');
    await events.stop();
    // The shop goes on.
    const next = buyer(shop, history, { token: 'tok_ok', variantId });
    expect(await next.insist()).toBeDefined();
    expect(await settle(shop.kysely, history.entries)).toMatchObject({ violations: [] });
  } finally {
    await shop?.close().catch(() => {});
    await old.remove();
    await restored.remove();
    rmSync(folder, { recursive: true });
  }
});

/** Number of sagas that have not ended. */
async function running(shop: ProcessShop): Promise<number> {
  const { n } = await shop.kysely
    .selectFrom('dbos.workflow_status')
    .select(({ fn }) => fn.countAll<bigint>().as('n'))
    .where('status', 'in', ['PENDING', 'ENQUEUED', 'DELAYED'])
    .executeTakeFirstOrThrow();
  return Number(n);
}
