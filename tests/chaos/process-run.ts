/** Agora in a process of its own, over a PostgreSQL that the scenario starts, and may end. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { temporaryData } from '../support/agora-process.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { forSale } from '../support/shop.ts';

/** Stock of everything, so that nothing is ever sold out. */
export const PLENTY = 1_000_000;

/** The parts that a scenario acts on. */
export interface ProcessRun {
  shop: ProcessShop;
  /** The folder of its database and of its keys. */
  data: string;
  /** The environment of the shop's process. */
  env: Readonly<Record<string, string>>;
  /** A variant with plenty of stock. */
  variantId: string;
  postgres: {
    readonly adminUrl: string;
    /** `kill -9` of the postmaster; its other processes notice and end. */
    kill(): void;
    start(): Promise<void>;
  };
}

/** Opens the shop for this work, and leaves nothing behind. */
export async function onProcess<T>(env: Record<string, string>, work: (run: ProcessRun) => Promise<T>): Promise<T> {
  const folder = temporaryData();
  const startPostgres = () =>
    startEmbeddedPostgres({ dataDir: join(folder.data, 'postgres'), log: () => {}, settings: { fsync: 'on' } });
  let running: EmbeddedPostgres | undefined;
  let shop: ProcessShop | undefined;
  try {
    running = await startPostgres();
    const given = { DATABASE_URL: running.url, ...env };
    shop = await openProcessShop({ data: folder.data, args: ['--empty'], env: given });
    const postgres = {
      adminUrl: running.adminUrl,
      kill: () => void process.kill(running!.pid, 'SIGKILL'),
      start: async () => {
        const { port } = running!;
        running = await startPostgres();
        if (running.port !== port) throw new Error(`PostgreSQL came back on port ${running.port}, not on ${port}`);
      },
    };
    return await work({
      shop,
      data: folder.data,
      env: given,
      variantId: await forSale(shop, { stock: PLENTY }),
      postgres,
    });
  } finally {
    await shop?.close();
    await running?.stop();
    await folder.remove();
  }
}

/** Whether the process is still there after a moment. */
export async function isAlive({ process: { pid } }: ProcessShop): Promise<boolean> {
  await sleep(100);
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The detailed health of the shop, to find out why something has not ended. */
export const healthOf = async ({ url }: ProcessShop): Promise<string> =>
  (await fetch(new URL('/health/detailed', url))).text();
