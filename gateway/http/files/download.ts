import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { storeFailed, type FileStore } from '../../../platform/files/file-store.ts';
import { isMediaType, ruleOf } from '../../../platform/files/media-types.ts';
import type { Transfer } from '../../../platform/files/transfer.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import { PAGE_POLICY } from '../../limits/security-headers.ts';
import { type Conditional, conditionalOf } from './conditional-request.ts';
import { ended, type Refused, refuseFile } from './answers.ts';

/** How long a client may read nothing of what it fetches, in milliseconds. */
const STILL_MS = 60_000;

const REFUSED: Record<Extract<Conditional, 'PRECONDITION_FAILED' | 'RANGE_NOT_SATISFIABLE'>, Refused> = {
  PRECONDITION_FAILED: [412, 'PRECONDITION_FAILED', 'This is not the content that `If-Match` names.'],
  RANGE_NOT_SATISFIABLE: [416, 'RANGE_NOT_SATISFIABLE', 'The file ends before this range begins.'],
};

/** Gives a content, or the part of it that is asked for. */
export async function giveFile(
  request: IncomingMessage,
  response: ServerResponse,
  files: FileStore,
  transfer: Transfer,
): Promise<void> {
  const { key, bytes } = transfer;
  const { method = '' } = request;
  // Each content has a key of its own. The folders are not for clients.
  const etag = `"${key.slice(key.lastIndexOf('/') + 1)}"`;
  const asked = conditionalOf(method, request.headers, { etag, bytes });
  if (asked === 'NOT_MODIFIED') {
    ended(method, asked);
    response.writeHead(304, { etag, ...UNCACHED }).end();
    return;
  }
  if (asked === 'PRECONDITION_FAILED') return refuseFile(response, REFUSED[asked]);
  if (asked === 'RANGE_NOT_SATISFIABLE')
    return refuseFile(response, REFUSED[asked], { 'content-range': `bytes */${bytes}` });
  const { start, length } = asked === 'WHOLE' ? { start: 0, length: bytes } : asked;
  const content = await files.get(key, start);
  response.writeHead(asked === 'WHOLE' ? 200 : 206, {
    ...headersOf(transfer),
    etag,
    'accept-ranges': 'bytes',
    'content-length': length,
    ...(asked !== 'WHOLE' && { 'content-range': `bytes ${start}-${start + length - 1}/${bytes}` }),
  });
  if (method === 'HEAD') {
    content.destroy();
    return void response.end();
  }
  response.setTimeout(STILL_MS, () => response.destroy());
  await pipeline(exactly(content, length), response);
  ended(method, 'OK');
  count('agora_file_bytes_total', { action: 'GET' }, length);
}

/**
 * Passes on so many bytes and ends there: a client that has them all may close its connection before the store tells that
 * there are no more. @throws Fault FILE_STORE_FAILED if it breaks off or ends before, so that nobody waits for the rest
 */
async function* exactly(content: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  try {
    for await (const chunk of content) {
      yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch (error) {
    throw storeFailed('a content broke off.', error);
  }
  if (left > 0) throw storeFailed(`${left} of ${bytes} bytes are missing.`);
}

const UNCACHED = { 'cache-control': 'private, no-store' };

/** Headers by which a browser saves a content, and does not show or run it, whatever it holds. */
function headersOf({ name, mediaType }: Transfer): Record<string, string> {
  const rule = isMediaType(mediaType) ? ruleOf(mediaType) : undefined;
  const saved = savedAs(name, rule?.endings ?? []);
  // RFC 6266 and RFC 8187: the name in full, and for old clients in ASCII.
  const plain = saved.replace(/[^\w. -]/g, '_');
  const whole = encodeURIComponent(saved).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return {
    'content-type': `${mediaType}${rule?.isText ? '; charset=utf-8' : ''}`,
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${whole}`,
    'content-security-policy': `default-src 'none'; sandbox; ${PAGE_POLICY}`,
    ...UNCACHED,
  };
}

/**
 * The name that a content is saved under: with an ending of its type, since a disk goes by that and not by what was
 * checked (`prices.html` would run as a page there), and without what leads out of a folder, hides, or turns around the
 * order in which a name is read.
 */
function savedAs(name: string, endings: readonly string[]): string {
  const safe = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Bidi_Control}/\\]/gu, '_')
    .replace(/^\./, '_');
  const isUsual = endings.length === 0 || endings.some((ending) => safe.toLowerCase().endsWith(`.${ending}`));
  return isUsual ? safe : `${safe}.${endings[0]}`;
}
