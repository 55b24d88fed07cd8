import { createHash, type Hash } from 'node:crypto';
import { type AgoraError, refuse, type Refusal } from '../errors.ts';
import type { FileStore } from './file-store.ts';
import { HEAD_BYTES, type MediaType, ruleOf } from './media-types.ts';

/** What a content was announced to be. */
export interface Announced {
  mediaType: MediaType;
  /** Length in bytes, exactly. */
  bytes: number;
}

/**
 * Control characters of ASCII below the space, other than tab and line ends: a text has none. Those above, such as U+0085,
 * may stand in a JSON text as they are (RFC 8259, 7), and do in what other systems export.
 */
const CONTROL = /(?![\t\n\r\u007f-\u009f])\p{Cc}/u;

/**
 * Checks a content while it passes by, so that it is never whole in memory: its length, its kind, and its SHA-256. What
 * is wrong ends the stream at once, and is kept in `refusal`, since the reader of the stream may wrap its errors.
 */
export class ContentCheck {
  readonly #announced: Announced;
  readonly #hash: Hash = createHash('sha256');
  readonly #utf8: TextDecoder | undefined;
  #bytes = 0;
  #head = Buffer.alloc(0);
  /** Why the content was refused. */
  refusal: Refusal | undefined;

  constructor(announced: Announced) {
    this.#announced = announced;
    if (ruleOf(announced.mediaType).isText) this.#utf8 = new TextDecoder('utf-8', { fatal: true });
  }

  /** The SHA-256 of a content that has passed whole, in hexadecimal digits. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Passes a content on, chunk by chunk. @throws Refusal FILE_TOO_LARGE, FILE_INCOMPLETE, FILE_KIND_MISMATCH */
  async *pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content) {
        this.#take(chunk);
        yield chunk;
      }
      this.#end();
    } catch (error) {
      if ((error as AgoraError).name === 'Refusal') this.refusal = error as Refusal;
      throw error;
    }
  }

  #take(chunk: Uint8Array): void {
    const { bytes } = this.#announced;
    this.#bytes += chunk.length;
    if (this.#bytes > bytes)
      throw refuse('FILE_TOO_LARGE', `More than the ${bytes} bytes that were announced came: announce the file anew.`);
    this.#takeHead(this.#textOf(chunk) ?? chunk);
    this.#hash.update(chunk);
  }

  #end(): void {
    const { bytes } = this.#announced;
    if (this.#bytes < bytes)
      throw refuse('FILE_INCOMPLETE', `Only ${this.#bytes} of the announced ${bytes} bytes came: send all of them.`);
    this.#textOf();
    if (this.#head.length < HEAD_BYTES) this.#checkHead();
  }

  /** Adds to the head what it lacks: of a text, without a byte order mark and the blanks that it begins with. */
  #takeHead(part: string | Uint8Array): void {
    if (this.#head.length >= HEAD_BYTES) return;
    const text = typeof part === 'string' && this.#head.length === 0 ? part.replace(/^[ \t\r\n]+/, '') : part;
    this.#head = Buffer.concat([this.#head, Buffer.from(text.slice(0, HEAD_BYTES) as string)]);
    if (this.#head.length >= HEAD_BYTES) this.#checkHead();
  }

  #checkHead(): void {
    if (!ruleOf(this.#announced.mediaType).begins(this.#head)) throw this.#wrongKind();
  }

  /** The text in a chunk, if it is one; without a chunk, the end of it: half a character must not be left. */
  #textOf(chunk?: Uint8Array): string | undefined {
    if (!this.#utf8) return undefined;
    try {
      const text = chunk ? this.#utf8.decode(chunk, { stream: true }) : this.#utf8.decode();
      if (!CONTROL.test(text)) return text;
    } catch {
      // No UTF-8: the same refusal.
    }
    throw this.#wrongKind();
  }

  #wrongKind(): Refusal {
    const { mediaType } = this.#announced;
    const needed = ruleOf(mediaType).isText ? ' in UTF-8, without control characters' : '';
    return refuse('FILE_KIND_MISMATCH', `The content is not ${mediaType}${needed}: send a file of the announced kind.`);
  }
}

/**
 * Puts a content into a store, checked on its way. Of one that is refused nothing stays there.
 * @returns its SHA-256, in hexadecimal digits
 * @throws Refusal as {@link ContentCheck.pass} @throws Fault as {@link FileStore.put}
 */
export async function putChecked(
  store: FileStore,
  key: string,
  content: AsyncIterable<Uint8Array>,
  announced: Announced,
): Promise<string> {
  const check = new ContentCheck(announced);
  try {
    await store.put(key, check.pass(content), announced.bytes);
  } catch (error) {
    throw check.refusal ?? error;
  }
  return check.sha256;
}
