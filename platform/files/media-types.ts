/** The media types that files may have, and how each is told by its content, whatever the file's name says. */

/** How the content of a media type is told. */
interface MediaTypeRule {
  /** The usual ending of a file's name. */
  readonly ending: string;
  /** Whether it is text: UTF-8 from the first byte to the last, without control characters. */
  readonly isText: boolean;
  /** Whether a content that begins so may be of this type. */
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
  'image/png': { ending: 'png', isText: false, begins: starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) },
  'image/jpeg': { ending: 'jpg', isText: false, begins: starts(0xff, 0xd8, 0xff) },
  'image/gif': { ending: 'gif', isText: false, begins: (head: Buffer) => /^GIF8[79]a$/.test(ascii(head, 0, 6)) },
  /** A RIFF container, https://developers.google.com/speed/webp/docs/riff_container. */
  'image/webp': {
    ending: 'webp',
    isText: false,
    begins: (head: Buffer) => ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP',
  },
  'application/pdf': { ending: 'pdf', isText: false, begins: (head: Buffer) => ascii(head, 0, 5) === '%PDF-' },
} as const satisfies Record<string, MediaTypeRule>;

const isBinary = (head: Buffer): boolean => Object.values(BINARY).some((rule) => rule.begins(head));

/** Every media type. A purpose (purpose.ts) allows some of them. */
export const MEDIA_TYPES = {
  ...BINARY,
  'text/csv': { ending: 'csv', isText: true, begins: (head: Buffer) => !isBinary(head) },
  /** JSON lines, https://jsonlines.org: each line is an object. A reader of JSON may ignore a byte order mark (RFC 8259, 8.1). */
  'application/x-ndjson': {
    ending: 'jsonl',
    isText: true,
    begins: (head: Buffer) => /^(\xef\xbb\xbf)?\s*(\{|$)/.test(ascii(head, 0, HEAD_BYTES)),
  },
} as const satisfies Record<string, MediaTypeRule>;

/** One of {@link MEDIA_TYPES}. */
export type MediaType = keyof typeof MEDIA_TYPES;

/** The rule of a media type. */
export const ruleOf = (type: MediaType): MediaTypeRule => MEDIA_TYPES[type];
