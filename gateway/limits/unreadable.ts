/**
 * Checks the head of a request before anything of it is read: encodings that we would read otherwise than they were
 * meant are refused, since text that is guessed at is stored as something else than was sent.
 */
import type { IncomingMessage } from 'node:http';

/** Why a request cannot be read as it was meant. */
export interface Unreadable {
  status: 400 | 415;
  message: string;
  headers?: Record<string, string>;
}

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
/** JSON is UTF-8 (RFC 8259, 8.1), of which ASCII is a part. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** Why a request cannot be read; undefined if it can, as far as its head tells. */
export function unreadable({ method, url = '', headers }: IncomingMessage): Unreadable | undefined {
  if (method === 'GET' && !isEncoded(url)) {
    return { status: 400, message: 'The URL is not percent-encoded UTF-8: encode each parameter, or send it by POST.' };
  }
  if (method !== 'POST') return undefined;
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) return { status: 415, message: 'Send JSON: `content-type: application/json`.' };
  const charset = CHARSET.exec(type)?.[1]?.toLowerCase();
  if (charset !== undefined && !CHARSETS.has(charset)) {
    return { status: 415, message: `JSON is read as UTF-8, not as ${JSON.stringify(charset)}: send it so.` };
  }
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return undefined;
  const message = `A body that is ${JSON.stringify(coding)} is not unpacked: send it as it is.`;
  // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
  return { status: 415, message, headers: { 'accept-encoding': 'identity' } };
}

/** Whether a URL is ASCII whose escapes are UTF-8: of anything else, other characters would be read. */
function isEncoded(url: string): boolean {
  try {
    decodeURIComponent(url);
    return /^[\x21-\x7e]*$/.test(url);
  } catch {
    return false;
  }
}
