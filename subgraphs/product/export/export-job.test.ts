/** Chunks of an export, between which the catalogue changes. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Kysely, sql } from 'kysely';
import type { JobChunk } from '../../../platform/jobs/job-kind.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { exportJob } from './export-job.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['product']);
});
afterAll(() => agents?.close());

const query = (text: string) => sql.raw(text).execute(agents.kysely);
/** Products of one moment, as an import makes them. */
const insert = (from: number, to: number, at = '2026-01-01') =>
  query(`insert into product.product (id, merchant_id, slug, name, description, status, created_at, updated_at)
    select 'product_' || lpad(n::text, 4, '0'), 'merchant_1', 'p-' || n, 'P' || n, '=1+1', 'ACTIVE', '${at}', '${at}'
      from generate_series(${from}, ${to}) n`);

test('an export has each product once, though all are of one moment and the last one read goes meanwhile', async () => {
  await insert(1, 250);
  const job = exportJob(agents.kysely.withSchema('product') as Kysely<any>);
  const input = { merchantId: 'merchant_1', status: null };
  const names: string[] = [];
  let [state, done] = [job.begin(input), 0];
  const totals: (number | undefined)[] = [];
  for (let isLast: boolean | undefined = false; !isLast; ) {
    const given = { id: 'job_1', input, state, done, ownerId: null, startedBy: 'user_1', signal: AbortSignal.any([]) };
    const chunk = (await job.chunk(given)) as JobChunk<typeof state>;
    const lines = chunk
      .part!.split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    names.push(...lines.map(({ name }) => name));
    ({ state, done, isLast } = chunk as Required<typeof chunk>);
    totals.push(chunk.total);
    if (names.length === 100) {
      // The anchor of the next chunk, one that was read, and one that was not; one is renamed, and one is new.
      await query(`delete from product.product where id in ('product_0100', 'product_0007', 'product_0150')`);
      await query(`update product.product set name = 'Renamed', updated_at = now() where id = 'product_0200'`);
      await insert(251, 251, '2026-01-02');
    }
  }
  const expected = Array.from({ length: 251 }, (_, n) => `P${n + 1}`)
    .filter((name) => name !== 'P150')
    .map((name) => (name === 'P200' ? 'Renamed' : name));
  expect(names).toEqual(expected);
  expect(done).toBe(250);
  expect(totals).toEqual([250, 250, 250]);
});
