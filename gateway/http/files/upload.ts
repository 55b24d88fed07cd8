import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../../../platform/errors.ts';
import { putChecked } from '../../../platform/files/content-check.ts';
import type { FileStore } from '../../../platform/files/file-store.ts';
import { isMediaType } from '../../../platform/files/media-types.ts';
import { fileOfKey } from '../../../platform/files/new-file.ts';
import type { Transfer } from '../../../platform/files/transfer.ts';
import { uploadMs } from '../../../platform/files/upload-time.ts';
import { respondJson } from '../../../platform/http/respond-json.ts';
import type { Logger } from '../../../platform/log.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import { CONTENT_STATUS, ended, REFUSALS, refuseFile } from './answers.ts';
import type { FileDesk } from './desk.ts';

/** Parts that uploads work with. */
interface UploadParts {
  files: FileStore;
  uploads: FileUploads;
  log: Pick<Logger, 'warn'>;
}

/**
 * The uploads under way at a gateway, one a file: a client that sends again has given up the attempt before, whose bytes
 * would lie in the store beside the new ones, and many at once would fill it past every quota.
 */
export class FileUploads {
  readonly #running = new Map<string, AbortController>();
  readonly #timeMs: (bytes: number) => number;

  /** @param timeMs how long the bytes of an upload may take, in milliseconds */
  constructor(timeMs = uploadMs) {
    this.#timeMs = timeMs;
  }

  /**
   * Passes on what an upload brings, until its time is up or the file's link is used again. @throws Refusal for these
   * @param file its name, and not the text of its link, which can be written in several ways
   */
  async *take(file: string, content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
    this.#running
      .get(file)
      ?.abort(
        refuse('UPLOAD_REPEATED', 'The link was used again while this upload was under way: the later one counts.'),
      );
    const ending = new AbortController();
    this.#running.set(file, ending);
    const ms = this.#timeMs(bytes);
    const late = refuse(
      'REQUEST_TIMEOUT',
      `The file did not arrive in the ${Math.ceil(ms / 1000)} seconds that one of its length has: send it again, over a faster line.`,
    );
    const timer = setTimeout(() => ending.abort(late), ms);
    try {
      yield* untilAborted(content, ending.signal);
    } finally {
      clearTimeout(timer);
      if (this.#running.get(file) === ending) this.#running.delete(file);
    }
  }
}

/** Passes a content on. Where it is awaited when the signal comes, it is not awaited any longer. @throws the reason */
async function* untilAborted(content: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const parts = content[Symbol.asyncIterator]();
  let giveUp = (): void => {};
  // One listener for all parts: a promise of the end that each part is raced with would keep every part in memory.
  signal.addEventListener('abort', () => giveUp());
  try {
    for (;;) {
      const { done, value } = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = () => reject(signal.reason as Error);
        if (signal.aborted) giveUp();
        else parts.next().then(resolve, reject);
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Not awaited: it ends with the next part, which may never come.
    void parts.return?.();
  }
}

/** Takes a content. Only what has come whole, and is what was announced, is told to the agent. */
export async function takeFile(
  request: IncomingMessage,
  response: ServerResponse,
  { files, uploads, log }: UploadParts,
  { desk, transfer }: { desk: FileDesk; transfer: Transfer },
): Promise<void> {
  const { key, bytes, mediaType } = transfer;
  const { 'content-length': told, 'content-range': part } = request.headers;
  // RFC 9110, 14.5: a part must not be taken for the whole.
  if (part !== undefined)
    return refuseFile(response, [
      400,
      'FILE_INCOMPLETE',
      'Parts of a file (`Content-Range`) are not taken: send all of it.',
    ]);
  if (told !== undefined && Number(told) !== bytes) {
    const code = Number(told) > bytes ? 'FILE_TOO_LARGE' : 'FILE_INCOMPLETE';
    const message = `The file was announced with ${bytes} bytes: send exactly so many, or announce it anew.`;
    return refuseFile(response, [CONTENT_STATUS[code]!, code, message]);
  }
  if (!isMediaType(mediaType)) return refuseFile(response, REFUSALS.FILE_GONE);
  const content = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const sha256 = await putChecked(files, key, uploads.take(fileOfKey(key), content, bytes), { mediaType, bytes });
  const { outcome } = await desk.ask({ key, sha256 });
  if (outcome === 'STORED') {
    ended('PUT', 'OK');
    count('agora_file_bytes_total', { action: 'PUT' }, bytes);
    return respondJson(response, 201, { sha256 });
  }
  // No record will ever name it. Where this fails, the sweep finds it.
  await files.delete(key).catch((err: unknown) => log.warn({ err }, 'a content that nobody wants was not deleted'));
  refuseFile(response, REFUSALS[outcome as keyof typeof REFUSALS]);
}
