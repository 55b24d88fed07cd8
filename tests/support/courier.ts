/**
 * A courier between a sender of webhooks and the front door: it accepts each delivery at once, and delivers it late, in
 * another order and more than once, as the network and the sender's own queues do. It retries until the door accepts.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from '../chaos/draw.ts';
import { PATIENCE_MS } from './patience.ts';

/** A courier on its way. */
export interface Courier {
  /** Address at which it accepts deliveries. */
  readonly url: string;
  /** Deliveries so far: accepted from the sender, delivered, answered by the door as repeated, and refused. */
  readonly counts: { taken: number; brought: number; repeated: number; refused: number };
  /** Waits until no delivery is under way. @throws Error after so many milliseconds. @default 20000 */
  settled(milliseconds?: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a courier. `door` returns the address to deliver to, each time anew. */
export async function openCourier(
  draw: Draw,
  door: () => string,
  { copies = 3, lateMs = 400 }: { copies?: number; lateMs?: number } = {},
): Promise<Courier> {
  const counts = { taken: 0, brought: 0, repeated: 0, refused: 0 };
  const ending = new AbortController();
  const under = new Set<Promise<void>>();

  const bring = async (headers: Record<string, string>, body: Buffer): Promise<void> => {
    await sleep(draw.between(0, lateMs), undefined, { signal: ending.signal });
    for (;;) {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(10_000)]);
      const status = await fetch(door(), { method: 'POST', headers, body: new Uint8Array(body), signal }).then(
        async (response) => (await response.text(), response.status),
        () => 0,
      );
      if (status === 200) counts.repeated += 1;
      if (status === 202) counts.brought += 1;
      if (status >= 400 && status < 500) counts.refused += 1;
      if ((status >= 200 && status < 500) || ending.signal.aborted) return;
      await sleep(100, undefined, { signal: ending.signal });
    }
  };

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    counts.taken += 1;
    for (let copy = draw.between(1, copies); copy > 0; copy--) {
      const way = bring(theirs(request.headers), body).catch(() => {});
      under.add(way);
      void way.finally(() => under.delete(way));
    }
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => void take(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    counts,
    async settled(milliseconds = PATIENCE_MS) {
      const deadline = Date.now() + milliseconds;
      while (under.size > 0) {
        if (Date.now() > deadline) throw new Error(`${under.size} webhooks are still on their way`);
        await sleep(20);
      }
    },
    async close() {
      ending.abort();
      await Promise.all(under);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const theirs = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
      name,
      String(headers[name]),
    ]),
  );
