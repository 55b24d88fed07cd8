/** The import of a file where the saga that carries out its lines is held by the test. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.ts';
import { configuredStore } from '../../../platform/files/configured.ts';
import { putChecked } from '../../../platform/files/content-check.ts';
import { newId } from '../../../platform/ids.ts';
import { actor, openAgents, service, type TestAgents } from '../../../tests/support/agents.ts';
import { until } from '../../../tests/support/until.ts';
import type { LineError } from './domain.ts';
import { MAX_LINES } from './lines.ts';

let agents: TestAgents;
beforeAll(async () => {
  // Without orchestration no saga is carried out.
  agents = await openAgents(['product', 'pricing', 'inventory'], { start: true, clock: systemClock });
});
afterAll(() => agents?.close());

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_mine' });
const store = () => configuredStore(agents.config);

const uploaded = (lines: object[]): Promise<string> =>
  uploadedText(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

async function uploadedText(content: string): Promise<string> {
  const bytes = Buffer.byteLength(content);
  const announced = { name: 'x', mediaType: 'application/x-ndjson', bytes, purpose: 'import' };
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
  agents.query(
    'productJob',
    { id },
    'status done total message attempts errors { code message } result { id }',
    merchant,
  );
/** The faults in the result of a job. */
async function errorsIn(fileId: string): Promise<LineError[]> {
  const file = agents.kysely.selectFrom('product.file').selectAll().where('id', '=', fileId);
  const { key } = (await file.executeTakeFirst())!;
  const lines = (await text(await store().get(key))).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}
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
  const told = await errorsIn(result.id);
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

test('a file of too many lines is refused as a whole, and at once', async () => {
  const id = await start(await uploadedText('\n'.repeat(MAX_LINES + 1)));
  await until('the job ends', async () => (await jobOf(id)).status === 'FAILED');
  const message = 'The file has more than 100,000 lines, blank ones counted: import it in parts.';
  const errors = [{ code: 'INVALID_INPUT', message }];
  expect(await jobOf(id)).toMatchObject({ done: 0, total: null, attempts: 1, errors, result: null });
});

test('each line is read by itself, however odd it is, and the others go on', async () => {
  const good = (n: number, more: object = {}) => JSON.stringify({ ...product(500 + n), ...more });
  const deep = 20_000;
  const lines: Record<string, string> = {
    'a byte order mark': `\ufeff${good(1)}`,
    'a line separator in a text': good(2, { description: 'a\u2028b\u2029c' }),
    'a carriage return before the line end': `${good(3)}\r`,
    'a blank line': ' \t',
    'a NUL in a name': good(5, { name: 'a\0b' }),
    'a NUL in a key': good(6, { 'a\0b': 1 }),
    'half of a pair': good(7, { name: 'x' }).replace('"x"', '"\\ud800"'),
    'a deep array': `{"name":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    'deep objects': `${'{"name":'.repeat(deep)}1${'}'.repeat(deep)}`,
    'a prototype': `{"__proto__":{"name":"x"},"variants":[]}`,
    'a number too large': good(11).replace('"Thing 511"', '1e400'),
    'a byte order mark in the middle': `\ufeff${good(12)}`,
    'half an object': good(13).slice(0, -5),
    'two objects': `${good(14)}${good(15)}`,
    'no object': '[null]',
    'a price with a comma': good(16, {
      variants: [{ sku: 'FILE-516', name: 'One', price: { amount: '1,99', currency: 'EUR' } }],
    }),
    'a price as a number': good(17, {
      variants: [{ sku: 'FILE-517', name: 'One', price: { amount: 19.99, currency: 'EUR' } }],
    }),
    'a text that is a formula': good(18, { name: '=HYPERLINK("http://x")' }),
    'the end': good(19),
  };
  const names = Object.keys(lines);
  const before = (await importsOf()).length;
  const id = await start(await uploadedText(Object.values(lines).join('\n')));
  await until('the good lines are begun', async () => (await importsOf()).length > before);
  await stepOf({ importId: (await importsOf()).at(-1)!.id, code: 'CONFLICT', errors: [] }, 'rejectImport');
  await until('the job ends', async () => (await jobOf(id)).status === 'SUCCEEDED');
  const { done, result } = await jobOf(id);
  expect(done).toBe(names.length);
  const told = await errorsIn(result.id);
  const namesOf = (code: string) => [
    ...new Set(told.filter((error) => error.code === code).map(({ line }) => names[line - 1])),
  ];
  // Those that were begun, and undone by the test.
  const begun = [1, 2, 3, 18, 19].map((line) => names[line - 1]!);
  expect(namesOf('INVALID_STATE')).toEqual(begun);
  expect(namesOf('INVALID_INPUT')).toEqual(names.filter((name) => name !== 'a blank line' && !begun.includes(name)));
});
