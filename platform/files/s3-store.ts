/**
 * Keeps contents in a bucket of S3 or of a service that speaks its protocol. Requests are signed by aws4fetch (AWS
 * Signature Version 4) and sent by Node's own `fetch`, since a content that streams must say its length: S3 takes no
 * chunked bodies.
 */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { AwsV4Signer } from 'aws4fetch';
import { checkKey, type FileStore, isKey, missing, type StoredContent, storeFailed, storeFull } from './file-store.ts';

/** A bucket and the key that opens it. */
export interface S3Options {
  /** The address with the bucket: `https://s3.eu-central-1.amazonaws.com/agora-files`. */
  url: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** How long the service may keep still, in milliseconds: until its answer, or between two of its bytes. @default 30000 */
  stillMs?: number;
}

const STILL_MS = 30_000;
/** The longest answer that is read as text: a listing of 1,000 keys has less. */
const MAX_TEXT = 4_194_304;

/** Creates the store. It does not ask the service anything yet. */
export function s3Store({ url, region, accessKeyId, secretAccessKey, stillMs = STILL_MS }: S3Options): FileStore {
  const base = url.replace(/\/$/, '');
  const credentials = { accessKeyId, secretAccessKey, service: 's3', region };

  const send = async (
    method: string,
    address: string,
    { patience, headers, body }: { patience: Patience; headers?: Record<string, string>; body?: Readable },
  ): Promise<Response> => {
    const signed = await new AwsV4Signer({ method, url: address, headers, ...credentials }).sign();
    const init = { method, headers: signed.headers, body: body as never, signal: patience.signal, redirect: 'error' };
    return fetch(signed.url, { ...init, ...(body && { duplex: 'half' }) } as RequestInit).catch((error: Error) => {
      throw storeFailed(`${method} was not answered.`, error);
    });
  };

  const keyed = (key: string): string => {
    checkKey(key);
    return `${base}/${key}`;
  };

  return {
    async put(key, content, bytes) {
      const patience = new Patience(stillMs);
      let own: unknown;
      const watched = async function* (): AsyncGenerator<Uint8Array> {
        try {
          // The sender of the content may be slow: it has a time limit of its own.
          patience.end();
          for await (const chunk of content) {
            patience.begin();
            yield chunk;
            patience.end();
          }
          patience.begin();
        } catch (error) {
          own = error;
          throw error;
        }
      };
      try {
        const body = Readable.from(watched(), { objectMode: false });
        const headers = { 'content-length': String(bytes), 'content-type': 'application/octet-stream' };
        const response = await send('PUT', keyed(key), { patience, headers, body });
        await done(response, 'PUT');
      } catch (error) {
        throw own ?? error;
      } finally {
        patience.end();
      }
    },

    async get(key, start = 0) {
      const patience = new Patience(stillMs);
      return patience.during(async () => {
        const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
        const response = await send('GET', keyed(key), { patience, headers });
        if (response.status === 404) throw missing(key);
        // The end of the content, asked for what is behind it.
        if (response.status === 416) return Readable.from([]);
        if (response.status !== (start > 0 ? 206 : 200) || !response.body) throw await refused(response, 'GET');
        const body = response.body as ReadableStream<Uint8Array>;
        const content = Readable.from(patience.read(body), { objectMode: false });
        // A reading that has not begun does not end its request itself: who asks by HEAD destroys it so.
        return content.once('close', () => void body.cancel().catch(() => {}));
      });
    },

    async delete(key) {
      const patience = new Patience(stillMs);
      await patience.during(async () => {
        const response = await send('DELETE', keyed(key), { patience });
        if (response.status !== 404) await done(response, 'DELETE');
      });
    },

    async *list(agent): AsyncIterable<StoredContent> {
      for (let after: string | undefined, isMore = true; isMore; ) {
        const asked = new URLSearchParams({ 'list-type': '2', prefix: `${agent}/`, 'max-keys': '1000' });
        if (after) asked.set('start-after', after);
        const patience = new Patience(stillMs);
        const page = await patience.during(async () => {
          const response = await send('GET', `${base}?${asked}`, { patience });
          if (!response.ok) throw await refused(response, 'LIST');
          return listed(await textOf(response));
        });
        yield* page.contents.filter(({ key }) => isKey(key));
        after = page.contents.at(-1)?.key;
        isMore = page.isMore && after !== undefined;
      }
    },
  };
}

/** Ends a request whose service keeps still for too long. */
class Patience {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The service is waited for. */
  begin(): void {
    this.end();
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`Nothing came in ${this.#ms} ms.`)), this.#ms);
  }

  /** The service is not waited for any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /** Waits for the service while this work is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Reads an answer. Its reader may take as long as it likes. */
  async *read(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    try {
      for (;;) {
        this.begin();
        const { done: isOver, value } = await reader.read().catch((error: Error) => {
          throw storeFailed('a content broke off.', error);
        });
        this.end();
        if (isOver) return;
        yield value;
      }
    } finally {
      this.end();
      await reader.cancel().catch(() => {});
    }
  }
}

async function done(response: Response, what: string): Promise<void> {
  if (!response.ok) throw await refused(response, what);
  await response.body?.cancel();
}

/** S3's XML has a code; 507 and some codes say that there is no space. */
async function refused(response: Response, what: string): Promise<Error> {
  const text = await textOf(response).catch(() => '');
  const code = /<Code>(\w{1,60})<\/Code>/.exec(text)?.[1];
  const fault = storeFailed(`${what} was answered with ${response.status}${code ? ` ${code}` : ''}.`);
  return response.status === 507 || /Quota|StorageFull/i.test(code ?? '') ? storeFull(fault) : fault;
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_TEXT) throw storeFailed('an answer is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A page of ListObjectsV2. Our keys have no character that XML escapes, so no parser is needed. */
function listed(xml: string): { contents: StoredContent[]; isMore: boolean } {
  const contents = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, one = '']) => ({
    key: /<Key>(.*?)<\/Key>/s.exec(one)?.[1] ?? '',
    storedAt: new Date(/<LastModified>(.*?)<\/LastModified>/s.exec(one)?.[1] ?? NaN),
  }));
  return { contents, isMore: /<IsTruncated>true<\/IsTruncated>/.test(xml) };
}
