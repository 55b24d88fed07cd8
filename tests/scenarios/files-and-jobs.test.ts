/** Files and jobs as a merchant's program meets them: an upload, an import of it, an export, and what is refused. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, operator, viewer } from '../support/agents.ts';
import { testFilesDir } from '../support/files-dir.ts';
import { type EmbeddedPlatform, openEmbedded } from '../support/platform.ts';
import { until } from '../support/until.ts';
import { diskStore } from '../../platform/files/disk-store.ts';

let shop: EmbeddedPlatform;
beforeAll(async () => {
  shop = await openEmbedded();
});
afterAll(() => shop?.close());

const merchant = actor({ id: 'user_m', roles: ['MERCHANT'], merchantId: 'merchant_mine' });
const other = actor({ id: 'user_o', roles: ['MERCHANT'], merchantId: 'merchant_other' });
const at = (path: string): string => new URL(path, shop.url).href;

const ANNOUNCE = `mutation ($input: CreateFileUploadInput!) { createProductFileUpload(input: $input) {
  file { id status } upload { url expiresAt } userErrors { code message path } } }`;
const IMPORT = `mutation ($input: ImportProductsFromFileInput!) { importProductsFromFile(input: $input) {
  job { id status } userErrors { code message path } } }`;
const EXPORT = `mutation ($input: ExportProductsInput!) { exportProducts(input: $input) {
  job { id status } userErrors { code message path } } }`;
const FILE = '{ id status bytes sha256 download { url } }';
const JOB = `query ($id: ID!) { productJob(id: $id) {
  id kind status done total message errors { code message } attempts result ${FILE} } }`;

async function mutate(query: string, input: object, as: Actor | undefined = merchant): Promise<any> {
  const { data, errors } = await shop.ask(query, { input }, as);
  if (errors) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0];
}
const announce = async (content: string | Buffer, more: object = {}, as = merchant) => {
  const bytes = Buffer.byteLength(content);
  return mutate(
    ANNOUNCE,
    { name: 'tea.jsonl', mediaType: 'application/x-ndjson', bytes, purpose: 'import', ...more },
    as,
  );
};
async function put(url: string, body: string | Buffer | ReadableStream, method = 'PUT') {
  const response = await fetch(at(url), {
    method,
    body,
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit);
  return { status: response.status, ...((await response.json()) as { sha256?: string; error?: { code: string } }) };
}
async function uploaded(content: string, as = merchant): Promise<string> {
  const { file, upload } = await announce(content, {}, as);
  expect(await put(upload.url, content)).toMatchObject({ status: 201 });
  return file.id;
}
const fileOf = async (id: string, as: Actor | undefined = merchant) =>
  (await shop.ask(`query ($id: ID!) { productFile(id: $id) ${FILE} }`, { id }, as)).data?.productFile;
const jobOf = async (id: string, as: Actor | undefined = merchant) =>
  (await shop.ask(JOB, { id }, as)).data?.productJob;
async function ended(id: string, as = merchant): Promise<any> {
  await until('the job ends', async () => ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes((await jobOf(id, as)).status));
  return jobOf(id, as);
}
const fetched = async (url: string): Promise<string> => (await fetch(at(url))).text();
const linesOf = (text: string): any[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const stored = async (): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of diskStore(testFilesDir()).list('product')) keys.push(key);
  return keys;
};

let n = 0;
const product = (more: object = {}, variant: object = {}) => ({
  name: `Tea ${++n}`,
  variants: [{ sku: `TEA-${n}`, name: 'Bag', price: { amount: '2.50', currency: 'EUR' }, ...variant }],
  ...more,
});
const jsonLines = (values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

describe('an upload', () => {
  test('is refused of the wrong kind, and nothing of it stays', async () => {
    const before = await stored();
    const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex');
    const { file, upload } = await announce(png);
    expect(await put(upload.url, png)).toMatchObject({ status: 415, error: { code: 'FILE_KIND_MISMATCH' } });
    expect(await fileOf(file.id)).toMatchObject({ status: 'AWAITED', sha256: null, download: null });
    expect(await stored()).toEqual(before);
    // The link is still good, for what was announced.
    expect(await put(upload.url, '{"name":"Tea"}      ')).toMatchObject({ status: 201 });
  });

  test('is refused with another length than was announced, told or not', async () => {
    const before = await stored();
    const { upload } = await announce('{"a":1}');
    expect(await put(upload.url, '{"a":12}')).toMatchObject({ status: 413 });
    expect(await put(upload.url, '{"a":}')).toMatchObject({ status: 400, error: { code: 'FILE_INCOMPLETE' } });
    const endless = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        controller.enqueue(Buffer.from('{}\n\n\n'));
      },
    });
    expect(await put(upload.url, endless)).toMatchObject({ status: 413, error: { code: 'FILE_TOO_LARGE' } });
    expect(await stored()).toEqual(before);
  });

  test('whose client goes in the middle leaves nothing', async () => {
    const before = await stored();
    const { file, upload } = await announce('{"a":"0123456789"}');
    const { hostname, port } = new URL(shop.url);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${upload.url} HTTP/1.1\r\nhost: x\r\ncontent-length: 18\r\n\r\n{"a":`);
    await until('some of it has come', async () => (await stored()).length > before.length);
    socket.destroy();
    await until('it is gone', async () => (await stored()).length === before.length);
    expect(await fileOf(file.id)).toMatchObject({ status: 'AWAITED' });
  });

  test('is announced by those alone who may write, for what is allowed', async () => {
    expect((await shop.ask(ANNOUNCE, { input: {} }, viewer)).errors).toBeDefined();
    const input = { name: 'x', mediaType: 'application/x-ndjson', bytes: 1, purpose: 'import' };
    expect((await shop.ask(ANNOUNCE, { input }, viewer)).errors![0]!.extensions!.code).toBe('FORBIDDEN');
    expect((await announce('x', { bytes: 20 * 1_048_576 + 1 })).userErrors[0].path).toEqual(['input', 'bytes']);
    expect((await announce('x', { mediaType: 'image/png' })).userErrors[0].path).toEqual(['input', 'mediaType']);
  });

  test('is taken once', async () => {
    const { upload } = await announce('{"a":1}');
    expect(await put(upload.url, '{"a":1}')).toMatchObject({ status: 201 });
    expect(await put(upload.url, '{"a":2}')).toMatchObject({ status: 409, error: { code: 'ALREADY_UPLOADED' } });
  });
});

describe('a download', () => {
  test('is saved by browsers and not shown, under its name', async () => {
    const content = '{"a":1}\n';
    const { file, upload } = await announce(content, { name: 'Tée "1".jsonl' });
    await put(upload.url, content);
    const { download } = await fileOf(file.id);
    const response = await fetch(at(download.url));
    expect(await response.text()).toBe(content);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': `attachment; filename="T_e _1_.jsonl"; filename*=UTF-8''T%C3%A9e%20%221%22.jsonl`,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
    // A link is for one thing.
    expect(await put(download.url, content)).toMatchObject({ status: 405 });
    expect((await fetch(at((await announce(content)).upload.url))).status).toBe(405);
  });

  test('needs a link of ours', async () => {
    const content = '{"a":1}\n';
    const { download } = await fileOf(await uploaded(content));
    const cut = download.url.slice(0, -3);
    for (const url of [
      cut,
      `${cut}AAA`,
      '/files/product/x',
      '/files/order/v1.a.b.c',
      '/files/../etc/passwd',
      '/files/',
    ]) {
      const response = await fetch(at(url));
      expect([url, response.status]).toEqual([url, 404]);
    }
    expect((await fetch(at(download.url), { method: 'DELETE' })).status).toBe(405);
    const elsewhere = download.url.replace('/product/', '/order/');
    expect((await fetch(at(elsewhere))).status).toBe(404);
  });

  test('and its file are for the owner and staff', async () => {
    const id = await uploaded('{"a":1}');
    expect(await fileOf(id, operator)).toMatchObject({ id, status: 'READY' });
    expect(await fileOf(id, other)).toBe(null);
    expect((await shop.ask(`{ productFile(id: "${id}") ${FILE} }`)).errors).toBeDefined();
  });
});

test('a file is imported line by line: what is good goes on sale, and each fault is told with its line', async () => {
  const taken = product();
  await ended(
    (await mutate(IMPORT, { fileId: await uploaded(jsonLines([taken])), idempotencyKey: newId('key') })).job.id,
  );
  const good = [product(), product({ description: 'Zoë’s' }, { taxClass: 'REDUCED' })];
  const twin = product();
  const lines = [
    JSON.stringify(good[0]),
    'no json',
    '',
    JSON.stringify(product({ colour: 'red' })),
    JSON.stringify(product({}, { sku: taken.variants[0]!.sku })),
    JSON.stringify(product({ categoryId: 'category_none' })),
    JSON.stringify(product({}, { price: { amount: '1.234', currency: 'EUR' } })),
    JSON.stringify(good[1]),
    JSON.stringify(twin),
    JSON.stringify(twin),
    ' '.repeat(300_000),
  ];
  const { job, userErrors } = await mutate(IMPORT, {
    fileId: await uploaded(lines.join('\n')),
    idempotencyKey: newId('key'),
  });
  expect(userErrors).toEqual([]);
  const done = await ended(job.id);
  expect(done).toMatchObject({ kind: 'importProductsFromFile', status: 'SUCCEEDED', done: 11, total: 11, errors: [] });
  const faults = linesOf(await fetched(done.result.download.url));
  expect(faults.map(({ line, code, path }) => [line, code, path.join('.')])).toEqual([
    [2, 'INVALID_INPUT', ''],
    [4, 'INVALID_INPUT', ''],
    [5, 'SKU_TAKEN', 'variants.0.sku'],
    [6, 'NOT_FOUND', 'categoryId'],
    [7, expect.any(String), 'variants.0.price'],
    [10, 'SKU_TAKEN', 'variants.0.sku'],
    [11, 'INVALID_INPUT', ''],
  ]);
  expect(done.message).toBe('Products imported: 3; lines refused: 7.');
  const { data } = await shop.ask(
    `{ productVariant(sku: "${good[1]!.variants[0]!.sku}") {
    price { amount } taxClass product { name description status merchantId } } }`,
    {},
    merchant,
  );
  expect(data.productVariant).toMatchObject({
    price: { amount: '2.50' },
    taxClass: 'REDUCED',
    product: { name: good[1]!.name, description: 'Zoë’s', status: 'ACTIVE', merchantId: 'merchant_mine' },
  });
});

test('a SKU on both sides of a border of lines is imported once, every fault is told, and the file again imports nothing', async () => {
  const good = Array.from({ length: 25 }, () => product());
  // Lines are imported by 25: the twins of the last one come with the next.
  const lines = [...good, good[24]!, good[24]!, ...Array.from({ length: 150 }, () => product({ colour: 'red' }))];
  const file = await uploaded(jsonLines(lines));
  const start = async (): Promise<any> =>
    ended((await mutate(IMPORT, { fileId: file, idempotencyKey: newId('key') })).job.id);
  const first = await start();
  expect(first).toMatchObject({ status: 'SUCCEEDED', done: 177, total: 177 });
  expect(first.message).toBe('Products imported: 25; lines refused: 152.');
  const faults = linesOf(await fetched(first.result.download.url));
  expect(faults.map(({ line }) => line)).toEqual(Array.from({ length: 152 }, (_, at) => 26 + at));
  expect(faults.slice(0, 2).map(({ code }) => code)).toEqual(['SKU_TAKEN', 'SKU_TAKEN']);
  expect((await start()).message).toBe('Products imported: 0; lines refused: 177.');
});

test('only one’s own file that is ready is imported, and the same key again imports nothing', async () => {
  const { file } = await announce('{"a":1}');
  const start = (fileId: string, key = newId('key'), as = merchant) =>
    mutate(IMPORT, { fileId, idempotencyKey: key }, as);
  expect((await start(file.id)).userErrors[0]).toMatchObject({ code: 'INVALID_STATE', path: ['input', 'fileId'] });
  const ready = await uploaded(jsonLines([product()]));
  expect((await start(ready, newId('key'), other)).userErrors[0].code).toBe('NOT_FOUND');
  const key = newId('key');
  const { job } = await start(ready, key);
  await ended(job.id);
  expect((await start(ready, key)).job.id).toBe(job.id);
  expect((await jobOf(job.id)).message).toBe('Products imported: 1; lines refused: 0.');
});

test('an export is a file that imports again, of one’s own products, and its progress is told live', async () => {
  const mine = [product({ name: 'Exported A' }), product({ name: 'Exported B', description: 'Two\nlines' })];
  const seller = actor({ id: 'user_e', roles: ['MERCHANT'], merchantId: 'merchant_export' });
  await ended(
    (await mutate(IMPORT, { fileId: await uploaded(jsonLines(mine), seller), idempotencyKey: newId('key') }, seller))
      .job.id,
    seller,
  );
  const key = newId('key');
  const { job } = await mutate(EXPORT, { idempotencyKey: key }, seller);
  const watch = shop.watch(
    'subscription ($id: ID!) { productJobProgressed(jobId: $id) { cursor status done total job { status } } }',
    { id: job.id },
    seller,
  );
  await watch.ended;
  const told = watch.events.map(({ data }) => data.productJobProgressed);
  expect(told[0]).toMatchObject({ status: 'QUEUED', done: 0 });
  expect(told.at(-1)).toMatchObject({ status: 'SUCCEEDED', done: 2, total: 2, job: { status: 'SUCCEEDED' } });
  const done = await jobOf(job.id, seller);
  const lines = linesOf(await fetched(done.result.download.url));
  expect(lines.map(({ name }) => name)).toEqual(['Exported A', 'Exported B']);
  expect(lines[1]).toMatchObject({
    description: 'Two\nlines',
    variants: [{ sku: mine[1]!.variants[0]!.sku, taxClass: 'STANDARD' }],
  });
  // As another merchant's, with SKUs of their own.
  const again = lines.map((line) => ({
    ...line,
    slug: `${line.slug}-2`,
    variants: [{ ...line.variants[0], sku: `${line.variants[0].sku}-2` }],
  }));
  const { job: back } = await mutate(IMPORT, {
    fileId: await uploaded(jsonLines(again)),
    idempotencyKey: newId('key'),
  });
  expect((await ended(back.id)).message).toBe('Products imported: 2; lines refused: 0.');
  // Nobody else's.
  expect(await jobOf(job.id, other)).toBe(null);
  expect(
    (await mutate(EXPORT, { merchantId: 'merchant_mine', idempotencyKey: newId('key') }, other)).userErrors[0].path,
  ).toEqual(['input', 'merchantId']);
  expect((await mutate(EXPORT, { idempotencyKey: key }, seller)).job.id).toBe(job.id);
});
