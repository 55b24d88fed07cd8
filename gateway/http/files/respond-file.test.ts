/** The door of files over HTTP, with the files of a small agent behind it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as ask, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { testSecrets } from '../../../tests/support/counting-job.ts';
import { openSmallAgent, type SmallAgent } from '../../../tests/support/small-agent.ts';
import { until } from '../../../tests/support/until.ts';
import { systemClock } from '../../../platform/clock.ts';
import { readConfig } from '../../../platform/config/config.ts';
import { diskStore } from '../../../platform/files/disk-store.ts';
import type { FileStore } from '../../../platform/files/file-store.ts';
import { createFiles, type Files } from '../../../platform/files/files.ts';
import type { MediaType } from '../../../platform/files/media-types.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { createListener } from '../../../platform/http/create-listener.ts';
import { silentLogger } from '../../../platform/log.ts';
import { metricsText } from '../../../platform/telemetry/metrics.ts';
import { LIMITS } from '../../limits/limits.ts';
import { Places } from '../../limits/places.ts';
import type { Graph } from '../../graph/graph.ts';
import { FileUploads } from './upload.ts';
import { respondFile } from './respond-file.ts';

const CONTENT = '{"a":"0123456789"}\n';

let small: SmallAgent;
let dir: string;
let files: Files;
let server: Server | undefined;
beforeAll(async () => {
  small = await openSmallAgent();
  dir = mkdtempSync(join(tmpdir(), 'agora-door-'));
});
afterAll(async () => {
  await small?.database.drop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  await small.database.pool.query('truncate small.file');
  rmSync(join(dir, 'small'), { recursive: true, force: true });
});
afterEach(() => shut());

async function shut(): Promise<void> {
  server?.closeAllConnections();
  await new Promise((closed) => (server ? server.close(closed) : closed(undefined)));
  server = undefined;
}

/** What a test changes of the door. */
interface Door {
  store?: Partial<FileStore>;
  uploadMs?: (bytes: number) => number;
  requestTimeoutMs?: number;
}

/** Opens the door. */
async function open({ store = {}, uploadMs, requestTimeoutMs }: Door = {}): Promise<void> {
  await shut();
  const config = readConfig({ NODE_ENV: 'test', FILES_DIR: dir });
  const context = { store: small.store, clock: systemClock, log: silentLogger, config, secrets: testSecrets };
  files = createFiles('small', context, {
    any: {
      types: ['application/x-ndjson', 'text/csv', 'application/pdf'],
      maxBytes: 1_000_000,
      keptDays: 7,
      isUploaded: true,
    },
  });
  const execute = async ({ variables }: any) => ({
    data: { transferSmallFile: await files.transfer(variables.input) },
  });
  const graph = { supergraphSdl: 'transferSmallFile(', endpoints: [{ name: 'small', execute }] } as unknown as Graph;
  const door = {
    graph,
    files: { ...diskStore(dir), ...store },
    log: silentLogger,
    places: new Places(LIMITS),
    rates: undefined,
    uploads: new FileUploads(uploadMs),
    trustedProxies: 0,
  };
  server = createListener(
    (request, response) => void respondFile(request, response, request.url!, door).catch(() => void response.destroy()),
    { requestTimeoutMs },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

const port = (): number => (server!.address() as AddressInfo).port;

async function announce(bytes = CONTENT.length, name = 'Lines.jsonl', mediaType: MediaType = 'application/x-ndjson') {
  const by = { ownerId: 'merchant_1', context: { actor: { id: 'user_1' } } as RequestContext };
  const { file, upload } = await files.announce({ name, mediaType, bytes, purpose: 'any' }, by);
  return { id: file.id, url: upload.url };
}
const downloadOf = async (id: string): Promise<string> =>
  (files.resolvers as any).File.download(await files.visible(id, 'ALL')).url;

interface Told {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}
async function tell(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Told> {
  const named = { 'x-correlation-id': 'req_1', ...headers };
  const asked = ask({ port: port(), host: '127.0.0.1', path, method, headers: named, agent: false }).end(body);
  const [response] = await once(asked, 'response');
  return { status: response.statusCode, headers: response.headers, body: String(await buffer(response)) };
}
const put = (path: string, body: string | Buffer = CONTENT) => tell('PUT', path, { body });
async function uploaded(content: string | Buffer = CONTENT, name?: string, mediaType?: MediaType): Promise<string> {
  const { id, url } = await announce(Buffer.byteLength(content), name, mediaType);
  expect(await put(url, content)).toMatchObject({ status: 201 });
  return downloadOf(id);
}
/** Opens a connection and says this on it. */
function connected(text: string) {
  const socket = connect(port(), '127.0.0.1').setEncoding('utf8');
  const it = { socket, said: '' };
  socket.on('error', () => {}).on('data', (part) => (it.said += part));
  socket.write(text);
  return it;
}
const begun = (url: string, method = 'PUT', more = ''): string =>
  `${method} ${url} HTTP/1.1\r\nhost: x\r\ncontent-length: ${CONTENT.length}\r\n${more}\r\n`;
const stored = async (): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of diskStore(dir).list('small')) keys.push(key);
  return keys;
};
/** How many transfers have ended so. */
async function counted(action: string, outcome: string): Promise<number> {
  const { text } = await metricsText();
  const line = `agora_file_transfers_total{action="${action}",outcome="${outcome}"} `;
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(line))
      ?.slice(line.length) ?? 0,
  );
}

describe('an upload', () => {
  test('has a time of its own, and the next request on its connection that of all others', async () => {
    await open({ requestTimeoutMs: 500 });
    const { url } = await announce();
    const { socket, said } = connected(begun(url));
    expect(said).toBe('');
    const it = { said: '' };
    socket.on('data', (part) => (it.said += part));
    for (const part of CONTENT.match(/.{1,4}\s*/gs)!) {
      await wait(500);
      socket.write(part);
    }
    await until('it is taken', () => it.said.includes('sha256'));
    expect(it.said).toMatch(/^HTTP\/1\.1 201 /);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n`);
    await once(socket, 'close');
    expect(it.said).toMatch(/HTTP\/1\.1 408 /);
  });

  test('that takes longer than one of its length may is refused, and nothing of it stays', async () => {
    await open({ uploadMs: () => 300 });
    const { id, url } = await announce();
    const it = connected(`${begun(url)}{"a":`);
    await once(it.socket, 'close');
    expect(it.said).toMatch(/^HTTP\/1\.1 408 [^]*"code":"REQUEST_TIMEOUT"/);
    await until('nothing of it is there', async () => (await stored()).length === 0);
    // The link is as good as before.
    await open();
    expect(await put(url)).toMatchObject({ status: 201 });
    expect(await files.visible(id, 'ALL')).toMatchObject({ status: 'READY' });
  });

  test('whose link is used again ends, and the later one counts', async () => {
    await open();
    const { url } = await announce();
    const before = connected(`${begun(url)}{"a":`);
    await until('it has begun', async () => (await stored()).length === 1);
    expect(await put(url)).toMatchObject({ status: 201 });
    await once(before.socket, 'close');
    expect(before.said).toMatch(/^HTTP\/1\.1 409 [^]*"code":"UPLOAD_REPEATED"/);
    expect(await stored()).toHaveLength(1);
  });

  test('whose link is written in another way is the same, since base64 leaves bits of its last letter unused', async () => {
    await open();
    const { url } = await announce();
    const links = await Promise.all(
      Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', async (letter) => {
        const link = url.slice(0, -1) + letter;
        return { link, isGood: (await files.transfer({ link: link.split('/').at(-1)! })).outcome === 'GO' };
      }),
    );
    const good = links.filter(({ isGood }) => isGood).map(({ link }) => link);
    expect(good.length).toBeGreaterThan(1);
    const begunOnes = good.map((link) => connected(`${begun(link)}{"a":`));
    const hasEnded = () => begunOnes.filter(({ said }) => said.includes('UPLOAD_REPEATED')).length;
    await until('all but one have ended', () => hasEnded() === good.length - 1);
    await until('one is stored', async () => (await stored()).length === 1);
    for (const { socket } of begunOnes) socket.destroy();
  });
});

test('a part of a content is not taken for the whole', async () => {
  await open();
  const { url } = await announce();
  const headers = { 'content-range': `bytes 100-${99 + CONTENT.length}/1000` };
  expect(await tell('PUT', url, { headers, body: CONTENT })).toMatchObject({
    status: 400,
    body: expect.stringContaining('FILE_INCOMPLETE'),
  });
  expect(await put(url)).toMatchObject({ status: 201 });
});

describe('a download', () => {
  test('that is complete counts as such, also if its client closes before the store has told its end', async () => {
    const late = new Readable({ read() {} });
    await open({ store: { get: async () => late } });
    const url = await uploaded();
    const [ok, gone] = [await counted('GET', 'OK'), await counted('GET', 'CLIENT_GONE')];
    const { socket, said } = connected(`GET ${url} HTTP/1.1\r\nhost: x\r\n\r\n`);
    expect(said).toBe('');
    late.push(CONTENT);
    await new Promise<void>((all) => socket.on('data', (part: unknown) => String(part).includes(CONTENT) && all()));
    socket.resetAndDestroy();
    await until(
      'it is counted',
      async () => (await counted('GET', 'OK')) + (await counted('GET', 'CLIENT_GONE')) > ok + gone,
    );
    expect(await counted('GET', 'CLIENT_GONE')).toBe(gone);
    await until('the store is left', () => late.destroyed);
  });

  test.each<[string, (content: Readable) => void]>([
    ['breaks off', (content) => void content.destroy(new Error('the disk is gone'))],
    ['ends before its time', (content) => void content.push(null)],
  ])('whose content %s in the store breaks off at the client too, and is our fault', async (_, end) => {
    const content = new Readable({ read() {} });
    await open({ store: { get: async () => content } });
    const url = await uploaded();
    const failed = await counted('GET', 'FAILED');
    const { socket } = connected(`GET ${url} HTTP/1.1\r\nhost: x\r\n\r\n`);
    content.push('{"a":');
    await once(socket, 'data');
    end(content);
    await once(socket, 'close');
    await until('it is counted', async () => (await counted('GET', 'FAILED')) === failed + 1);
  });

  test.each<[string, Record<string, string>, number, string | RegExp, string | undefined]>([
    ['the first bytes', { range: 'bytes=0-4' }, 206, '{"a":', 'bytes 0-4/19'],
    ['the rest', { range: 'bytes=15-' }, 206, '9"}\n', 'bytes 15-18/19'],
    ['the last bytes', { range: 'bytes=-2' }, 206, '}\n', 'bytes 17-18/19'],
    ['more of the last than there are', { range: 'bytes=-100' }, 206, CONTENT, 'bytes 0-18/19'],
    ['up to behind the end', { range: 'bytes=17-99999999999999999999' }, 206, '}\n', 'bytes 17-18/19'],
    ['from behind the end', { range: 'bytes=19-' }, 416, /RANGE_NOT_SATISFIABLE/, 'bytes */19'],
    ['none of the last', { range: 'bytes=-0' }, 416, /RANGE_NOT_SATISFIABLE/, 'bytes */19'],
    ['several parts', { range: 'bytes=0-1,3-4' }, 200, CONTENT, undefined],
    ['a part the wrong way', { range: 'bytes=5-2' }, 200, CONTENT, undefined],
    ['another unit', { range: 'lines=0-1' }, 200, CONTENT, undefined],
    ['nonsense', { range: 'bytes=a-b' }, 200, CONTENT, undefined],
    ['a part of another content', { range: 'bytes=0-1', 'if-range': '"another"' }, 200, CONTENT, undefined],
    [
      'a part of what it was on a day',
      { range: 'bytes=0-1', 'if-range': 'Tue, 01 Dec 2026 00:00:00 GMT' },
      200,
      CONTENT,
      undefined,
    ],
    ['another content', { 'if-match': '"another"' }, 412, /PRECONDITION_FAILED/, undefined],
    ['what is not another content', { 'if-none-match': '"another"' }, 200, CONTENT, undefined],
  ])('of %s is answered by RFC 9110', async (_, headers, status, body, range) => {
    await open();
    const told = await tell('GET', await uploaded(), { headers });
    expect(told).toMatchObject({ status, body: body instanceof RegExp ? expect.stringMatching(body) : body });
    expect(told.headers['content-range']).toBe(range);
    if (status < 300) expect(told.headers['content-length']).toBe(String(told.body.length));
  });

  test('is gone on with by its entity tag, and not repeated to whoever has it', async () => {
    await open();
    const url = await uploaded();
    const { headers } = await tell('GET', url);
    const etag = headers.etag!;
    expect([etag, headers['accept-ranges']]).toEqual([expect.stringMatching(/^"file_[\w.]+"$/), 'bytes']);
    expect(await tell('GET', url, { headers: { range: 'bytes=17-', 'if-range': etag } })).toMatchObject({
      status: 206,
    });
    expect(await tell('GET', url, { headers: { range: 'bytes=17-', 'if-match': etag } })).toMatchObject({
      status: 206,
    });
    for (const known of [etag, `"x", W/${etag}`, '*'])
      expect(await tell('GET', url, { headers: { 'if-none-match': known } })).toMatchObject({ status: 304, body: '' });
  });

  test('tells by HEAD what GET would, without the content', async () => {
    await open();
    const url = await uploaded();
    const {
      headers: { date: _, ...whole },
    } = await tell('GET', url);
    const {
      status,
      headers: { date: __, ...head },
      body,
    } = await tell('HEAD', url, { headers: { range: 'bytes=0-1' } });
    expect([status, body, head]).toEqual([200, '', whole]);
    expect(await tell('HEAD', (await announce()).url)).toMatchObject({
      status: 405,
      headers: { allow: 'PUT' },
      body: '',
    });
  });

  test.each<[string, string, MediaType]>([
    ['prices.html', 'prices.html.csv', 'text/csv'],
    ['prices.CSV', 'prices.CSV', 'text/csv'],
    ['prices', 'prices.csv', 'text/csv'],
    ['all.ndjson', 'all.ndjson', 'application/x-ndjson'],
    ['invoice.pdf.exe', 'invoice.pdf.exe.pdf', 'application/pdf'],
    ['../../etc/cron.d/x', '_._.._etc_cron.d_x.csv', 'text/csv'],
    ['..\\autoexec.bat', '_._autoexec.bat.csv', 'text/csv'],
    ['.bashrc', '_bashrc.csv', 'text/csv'],
    ['vsc\u202efdp.exe', 'vsc_fdp.exe.csv', 'text/csv'],
    ['日本 “x”; filename="y.exe"', '日本 “x”; filename="y.exe".csv', 'text/csv'],
  ])('of %j is saved as %j', async (name, saved, mediaType) => {
    await open();
    const content = { 'text/csv': 'a;b\n', 'application/x-ndjson': '{}\n', 'application/pdf': '%PDF-1.7\n' }[
      mediaType as string
    ]!;
    const { headers } = await tell('GET', await uploaded(content, name, mediaType));
    const [, plain, whole] = /^attachment; filename="([\w. -]+)"; filename\*=UTF-8''([\w.~!$&+^`|%-]+)$/.exec(
      headers['content-disposition']!,
    )!;
    expect(decodeURIComponent(whole!)).toBe(saved);
    expect(plain).toBe(saved.replace(/[^\w. -]/g, '_'));
  });
});
