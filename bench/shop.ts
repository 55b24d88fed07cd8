/** Agora in a process of its own, as `npm start` runs it, and buyers who load it over HTTP. */
import { Agent, request } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { credentialsOf } from '../db/embedded-postgres/credentials.ts';
import { homeFor } from '../db/embedded-postgres/home.ts';
import { serverIdentity } from '../db/embedded-postgres/identity.ts';
import { newId } from '../platform/ids.ts';
import { databaseOf, temporaryData } from '../tests/support/agora-process.ts';
import { openProcessShop, type ProcessShop } from '../tests/support/process-shop.ts';
import { ADDRESS, forSale, newCustomer } from '../tests/support/shop.ts';

const BUYERS = 50;
const VARIANTS = 20;
const STOCK = 1_000_000;
const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
/** Lifetime of a token, long enough for the whole measurement: signing is the buyers' expense and not the shop's. */
const TOKEN_SECONDS = 3600;

/** A shop to load. */
export interface LoadedShop extends ProcessShop {
  /** Address of its database. */
  databaseUrl: string;
  /** Address as its server's superuser. */
  adminUrl: string;
  /** Pid of its server's postmaster. */
  postgresPid: number;
  /** Places one order for one of its buyers. Returns the order's id. */
  order(): Promise<string>;
  /** Waits until no saga is under way and every consumer has read the log. */
  rest(): Promise<void>;
}

/** Opens the shop for this work. */
export async function withLoadedShop<T>(
  work: (shop: LoadedShop) => Promise<T>,
  env: Record<string, string> = {},
): Promise<T> {
  const folder = temporaryData();
  const shop = await openProcessShop({ data: folder.data, args: ['--empty'], env });
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  try {
    const variants: string[] = [];
    for (let n = 0; n < VARIANTS; n++) variants.push(await forSale(shop, { stock: STOCK }));
    const tokens = await Promise.all(Array.from({ length: BUYERS }, () => shop.token(newCustomer(), TOKEN_SECONDS)));
    let n = 0;
    const order = async (): Promise<string> => {
      const lines = [{ variantId: variants[n % VARIANTS], quantity: 1 }];
      const input = { lines, shippingAddress: ADDRESS, payment: { token: 'tok_ok' }, idempotencyKey: newId('key') };
      const body = JSON.stringify({ query: PLACE, variables: { input } });
      const answer = await post(shop.url, body, tokens[n++ % BUYERS]!, agent);
      const id = JSON.parse(answer).data?.placeOrder?.order?.id;
      if (!id) throw new Error(`an order was not accepted: ${answer}`);
      return id;
    };
    // A prototype, because getters must stay getters: spreading would keep the first pool for ever.
    const loaded = Object.assign(Object.create(shop) as ProcessShop, {
      databaseUrl: databaseOf(folder.data),
      adminUrl: adminOf(folder.data),
      postgresPid: postmasterOf(folder.data),
      order,
      rest: () => rest(shop),
    });
    return await work(loaded);
  } finally {
    agent.destroy();
    await shop.close();
    await folder.remove();
  }
}

function adminOf(data: string): string {
  const home = homeFor(join(data, 'postgres'), serverIdentity());
  const url = new URL(databaseOf(data));
  url.username = 'postgres';
  url.password = credentialsOf(home).superuser;
  url.pathname = '/postgres';
  return url.href;
}

const postmasterOf = (data: string): number =>
  Number.parseInt(
    readFileSync(join(homeFor(join(data, 'postgres'), serverIdentity()).cluster, 'postmaster.pid'), 'utf8'),
    10,
  );

/** Posts with fewer instructions than `fetch`: the buyers share the machine with the shop. */
function post(url: string, body: string, token: string, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  const sent = request(url, { method: 'POST', agent, headers, timeout: 60_000 }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('end', () => resolve(text));
  });
  sent.on('error', reject).on('timeout', () => sent.destroy(new Error('no answer in a minute')));
  sent.end(body);
  return promise;
}

async function rest({ kysely }: ProcessShop): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ busy: boolean }>`
      select exists (select from dbos.workflow_status where status in ('ENQUEUED', 'DELAYED', 'PENDING'))
          or exists (select from platform.event_log e where e.type = 'order.status_changed' and e.xid > (select xid from platform.log_cursor where consumer = 'notification'))
          as busy`.execute(kysely);
    if (!rows[0]!.busy) return;
    await sleep(20);
  }
}

/** Does the work so often, so many at once. */
export async function times(count: number, concurrency: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
