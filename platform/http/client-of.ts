import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Client } from '../graphql/context.ts';

/** Longest user agent that is passed on, in characters. */
const LONGEST = 300;

/**
 * Who is at the other end of a request. `x-forwarded-for` is believed only as far as our own proxies wrote it, which is
 * its last entries: whatever is before them the client may have made up.
 * @param proxies how many proxies stand before us
 */
export function clientOf({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>, proxies: number): Client {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',');
  const hops = [...forwarded.split(','), socket.remoteAddress ?? ''].map((hop) => hop.trim()).filter(Boolean);
  const named = hops[Math.max(0, hops.length - 1 - proxies)]?.replace(/^::ffff:(?=\d+\.)/i, '');
  const address = named && isIP(named) ? named : undefined;
  return { address, userAgent: headers['user-agent']?.slice(0, LONGEST) };
}
