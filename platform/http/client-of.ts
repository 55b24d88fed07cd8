import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Client } from '../graphql/context.ts';

/** Longest user agent that is passed on, in characters. */
const LONGEST = 300;

/**
 * The client of a request. Of `x-forwarded-for` only the last entries are trusted, which our own proxies wrote: a
 * client may have forged those before them.
 * @param proxies number of our proxies
 */
export function clientOf({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>, proxies: number): Client {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',');
  const hops = [...forwarded.split(','), socket.remoteAddress ?? ''].map((hop) => hop.trim()).filter(Boolean);
  const named = hops[Math.max(0, hops.length - 1 - proxies)]?.replace(/^::ffff:(?=\d+\.)/i, '');
  const address = named && isIP(named) ? named : undefined;
  return { address, userAgent: headers['user-agent']?.slice(0, LONGEST) };
}
