/** The media types that files may have, and how each is told by its content, whatever the file's name says. */

/** How the content of a media type is told. */
interface MediaTypeRule {
  /** Endings of the names of such files, the usual one first: a file is saved under one of them. */
  readonly endings: readonly [string, ...string[]];
  /** Whether it is text: UTF-8 from the first byte to the last, without control characters. */
  readonly isText: boolean;
  /** Whether a content that begins so may be of this type; of a text, what follows a byte order mark, which its reader may ignore (RFC 8259, 8.1), and blanks. */
  readonly begins: (head: Buffer) => boolean;
}

/** Bytes that tell a type: the longest signature (WebP's) has twelve. */
export const HEAD_BYTES = 16;

const starts =
  (...bytes: number[]) =>
  (head: Buffer): boolean =>
    head.subarray(0, bytes.length).equals(Buffer.from(bytes));
const ascii = (head: Buffer, from: number, to: number): string => head.toString('latin1', from, to);

const BINARY = {
  /** PNG specification, 5.2. */
  'image/png': { endings: ['png'], isText: false, begins: starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) },
  'image/jpeg': { endings: ['jpg', 'jpeg'], isText: false, begins: starts(0xff, 0xd8, 0xff) },
  'image/gif': { endings: ['gif'], isText: false, begins: (head: Buffer) => /^GIF8[79]a$/.test(ascii(head, 0, 6)) },
  /** A RIFF container, https://developers.google.com/speed/webp/docs/riff_container. */
  'image/webp': {
    endings: ['webp'],
    isText: false,
    begins: (head: Buffer) => ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP',
  },
  'application/pdf': { endings: ['pdf'], isText: false, begins: (head: Buffer) => ascii(head, 0, 5) === '%PDF-' },
} as const satisfies Record<string, MediaTypeRule>;

const isBinary = (head: Buffer): boolean => Object.values(BINARY).some((rule) => rule.begins(head));

/** Every media type. A purpose (purpose.ts) allows some of them. */
export const MEDIA_TYPES = {
  ...BINARY,
  'text/csv': { endings: ['csv'], isText: true, begins: (head: Buffer) => !isBinary(head) },
  /**
   * JSON lines, https://jsonlines.org: each line is an object, or the content has none. That the first line begins an
   * object with a name tells them from other texts in braces; what each line is worth is for its reader to tell, with its
   * number.
   */
  'application/x-ndjson': {
    endings: ['jsonl', 'ndjson'],
    isText: true,
    begins: (head: Buffer) => /^(\{[ \t]*("|\}|$)|$)/.test(ascii(head, 0, HEAD_BYTES)),
  },
} as const satisfies Record<string, MediaTypeRule>;

/** One of {@link MEDIA_TYPES}. */
export type MediaType = keyof typeof MEDIA_TYPES;

/** Whether a text is one of {@link MEDIA_TYPES}. */
export const isMediaType = (text: string): text is MediaType => Object.hasOwn(MEDIA_TYPES, text);

/** The rule of a media type. */
export const ruleOf = (type: MediaType): MediaTypeRule => MEDIA_TYPES[type];
