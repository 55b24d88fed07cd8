/**
 * A small server that speaks as much of S3 as files need, and verifies AWS Signature Version 4 by itself, from the
 * specification: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
 */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The key that opens the bucket. */
export const S3_KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret/key+of=tests', region: 'eu-test-1' };

/** A running server with one bucket. */
export interface S3Server {
  url: string;
  objects: Map<string, { body: Buffer; at: Date }>;
  /** Requests that were answered, `PUT key`. */
  requests: string[];
  /** Has the next request answered so, or not at all. */
  next: { status?: number; code?: string; keepsStill?: boolean; breaksOff?: boolean } | undefined;
  /** Keys on one page of a listing. @default 1000 */
  pageSize: number;
  close(): Promise<void>;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** Why the signature of a request is not good; undefined if it is. */
function problemOf(request: IncomingMessage, url: URL): string | undefined {
  const { headers, method } = request;
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, day, region, names = '', signature] = form.exec(headers.authorization ?? '') ?? [];
  if (id !== S3_KEY.accessKeyId || region !== S3_KEY.region) return 'InvalidAccessKeyId';
  const at = String(headers['x-amz-date']);
  const time = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!at.startsWith(day!) || !(Math.abs(Date.now() - time) < 900_000)) return 'RequestTimeTooSkewed';
  const signed = names.split(';');
  for (const must of ['host', 'x-amz-date', 'x-amz-content-sha256']) if (!signed.includes(must)) return 'AccessDenied';
  const query = [...url.searchParams]
    .map(([k, v]) => `${encoded(k)}=${encoded(v)}`)
    .sort()
    .join('&');
  const canonical = [
    method,
    url.pathname
      .split('/')
      .map((part) => encoded(decodeURIComponent(part)))
      .join('/'),
    query,
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    String(headers['x-amz-content-sha256']),
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\n');
  const key = [day!, region!, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${S3_KEY.secretAccessKey}`);
  return hmac(key, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}

/** Starts the server. */
export async function openS3(): Promise<S3Server> {
  const objects: S3Server['objects'] = new Map();
  const state: Pick<S3Server, 'requests' | 'next' | 'pageSize'> = { requests: [], next: undefined, pageSize: 1000 };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url!, `http://${request.headers.host}`);
    const key = url.pathname.replace(/^\/bucket\/?/, '');
    const error = (status: number, code: string): void =>
      void response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    const { next } = state;
    state.next = undefined;
    if (next?.keepsStill) return;
    const problem = problemOf(request, url);
    if (problem) return error(403, problem);
    if (request.method === 'PUT' && request.headers['content-length'] === undefined)
      return error(411, 'MissingContentLength');
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (next?.status) return error(next.status, next.code ?? 'InternalError');
    state.requests.push(`${request.method} ${key}`);
    if (request.method === 'PUT') {
      objects.set(key, { body: Buffer.concat(parts), at: new Date() });
      return void response.writeHead(200).end();
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      return void response.writeHead(204).end();
    }
    if (url.searchParams.get('list-type') === '2') return void response.end(listing(url));
    const found = objects.get(key);
    if (!found) return error(404, 'NoSuchKey');
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start > 0 && start >= found.body.length) return error(416, 'InvalidRange');
    const body = found.body.subarray(start);
    response.writeHead(request.headers.range ? 206 : 200, { 'content-length': body.length });
    if (!next?.breaksOff) return void response.end(body);
    response.write(body.subarray(0, 10), () => response.destroy());
  };

  const listing = (url: URL): string => {
    const { prefix = '', 'start-after': after = '' } = Object.fromEntries(url.searchParams);
    const keys = [...objects.keys()].sort().filter((key) => key.startsWith(prefix) && key > after);
    const page = keys.slice(0, state.pageSize);
    const contents = page.map(
      (key) =>
        `<Contents><Key>${key}</Key><LastModified>${objects.get(key)!.at.toISOString()}</LastModified></Contents>`,
    );
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${keys.length > page.length}</IsTruncated>${contents.join('')}</ListBucketResult>`;
  };

  const server = createServer((request, response) => {
    // A client that breaks off in the middle leaves nothing here either.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`,
    objects,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
