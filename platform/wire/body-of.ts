import type { IncomingMessage } from 'node:http';

/** Largest body of a request, in bytes: a gateway may ask for many entities at once. */
export const MAX_BODY = 16 * 1024 * 1024;

/** A body was larger than {@link MAX_BODY}. */
export class BodyTooLarge extends Error {}

/** Reads the bytes of a request's body, as they were signed. @throws BodyTooLarge */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) throw new BodyTooLarge();
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY) throw new BodyTooLarge();
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
}
