/** The import of a file where the saga that carries out its lines is held by the test. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.ts';
import { configuredStore } from '../../../platform/files/configured.ts';
import { putChecked } from '../../../platform/files/content-check.ts';
import { newId } from '../../../platform/ids.ts';
import { actor, openAgents, service, type TestAgents } from '../../../tests/support/agents.ts';
import { until } from '../../../tests/support/until.ts';

let agents: TestAgents;
beforeAll(async () => {
  // Without orchestration no saga is carried out.
  agents = await openAgents(['product', 'pricing', 'inventory'], { start: true, clock: systemClock });
});
afterAll(() => agents?.close());

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_mine' });
const store = () => configuredStore(agents.config);

async function uploaded(lines: object[]): Promise<string> {
  const content = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const announced = { name: 'x', mediaType: 'application/x-ndjson', bytes: content.length, purpose: 'import' };
  const { file, upload } = await agents.mutate(
    'createProductFileUpload',
    announced,
    'file { id } upload { url }',
    merchant,
  );
  const link = upload.url.split('/').at(-1);
  const transfer = (input: object) =>
    agents.mutate('transferProductFile', { link, ...input }, 'outcome transfer { key }', service);
  const { key } = (await transfer({})).transfer;
  const sha256 = await putChecked(store(), key, [Buffer.from(content)] as never, {
    ...announced,
    mediaType: 'application/x-ndjson',
  });
  expect((await transfer({ received: { key, sha256 } })).outcome).toBe('STORED');
  return file.id;
}
const product = (n: number) => ({ name: `Thing ${n}`, variants: [{ sku: `FILE-${n}`, name: 'One' }] });
const start = async (fileId: string): Promise<string> =>
  (await agents.mutate('importProductsFromFile', { fileId, idempotencyKey: newId('key') }, 'job { id }', merchant)).job
    .id;
const jobOf = (id: string) =>
  agents.query('productJob', { id }, 'status done total message attempts result { id }', merchant);
const importsOf = () => agents.kysely.selectFrom('product.import').selectAll().orderBy('id').execute();
const stepOf = (input: Record<string, unknown>, field: string) => agents.mutate(field, input, '', service);

test('lines whose import is undone after all are told, the guilty one with its fault', async () => {
  const id = await start(await uploaded([product(1), product(2), product(3)]));
  await until('the import is begun', async () => (await importsOf()).length === 1);
  const [begun] = await importsOf();
  expect(await jobOf(id)).toMatchObject({ status: 'RUNNING', done: 0, total: 3, result: null });
  const errors = [{ code: 'SKU_TAKEN', message: 'Taken.', path: ['input', 'products', '1', 'variants', '0', 'sku'] }];
  await stepOf({ importId: begun!.id, code: 'SKU_TAKEN', errors }, 'rejectImport');
  await until('the job ends', async () => (await jobOf(id)).status === 'SUCCEEDED');
  const { result, ...job } = await jobOf(id);
  expect(job).toMatchObject({ done: 3, total: 3, message: 'Products imported: 0; lines refused: 3.' });
  const { key } = (await agents.kysely
    .selectFrom('product.file')
    .selectAll()
    .where('id', '=', result.id)
    .executeTakeFirst())!;
  const told = (await text(await store().get(key)))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const undone = { code: 'INVALID_STATE', message: 'It was undone with line 2: import it again.', path: [] };
  expect(told).toEqual([
    { line: 1, ...undone },
    { line: 2, code: 'SKU_TAKEN', message: 'Taken.', path: ['variants', '0', 'sku'] },
    { line: 3, ...undone },
  ]);
});

test('a cancelled import begins no further lines', async () => {
  const before = (await importsOf()).length;
  const id = await start(await uploaded(Array.from({ length: 60 }, (_, n) => product(100 + n))));
  await until('its first lines are begun', async () => (await importsOf()).length === before + 1);
  await agents.mutate('cancelProductJob', { id }, 'job { status }', merchant);
  expect(await jobOf(id)).toMatchObject({ status: 'CANCELLED', done: 0, total: 60, result: null });
  // The runner has its place free again, and with it the next import begins.
  const next = await start(await uploaded([product(200)]));
  await until('the next one is begun', async () => (await importsOf()).length === before + 2);
  expect(await jobOf(next)).toMatchObject({ status: 'RUNNING' });
  expect((await importsOf()).map(({ products }) => products).slice(before)).toEqual([25, 1]);
});

test('a file that is gone ends the import with the reason', async () => {
  const fileId = await uploaded([product(300)]);
  await agents.kysely.updateTable('product.file').set({ status: 'LOST' }).where('id', '=', fileId).execute();
  const { userErrors } = await agents.mutate(
    'importProductsFromFile',
    { fileId, idempotencyKey: newId('key') },
    'job { id }',
    merchant,
  );
  expect(userErrors).toMatchObject([{ code: 'INVALID_STATE', path: ['input', 'fileId'] }]);
});

test('the same request again answers with its job, also when the file has gone meanwhile', async () => {
  const fileId = await uploaded([product(400)]);
  const input = { fileId, idempotencyKey: 'again' };
  const ask = () => agents.mutate('importProductsFromFile', input, 'job { id }', merchant);
  const { job } = await ask();
  await agents.kysely.updateTable('product.file').set({ status: 'LOST' }).where('id', '=', fileId).execute();
  expect(await ask()).toEqual({ job, userErrors: [] });
});
