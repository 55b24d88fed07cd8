/** A receiver of outbound webhooks: a real HTTP server that answers as the test says. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook that came in. */
export interface Received {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it has sent
  event: any;
}

/** Answers a webhook: with a status, with all of an answer, or in its own time through the response. */
export type Answering = (received: Received, response: ServerResponse) => number | void | Promise<number | void>;

/** A receiver. */
export interface Receiver {
  url: string;
  /** All that came, answered or not. */
  received: Received[];
  /** Those that were answered with a 2xx, in the order of the answers. */
  accepted: Received[];
  /** How it answers from now on. */
  answers: Answering;
  close(): Promise<void>;
}

/** Opens a receiver on this machine, which accepts all that comes. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const accepted: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    const one = { id: String(request.headers['webhook-id']), headers: request.headers, body, event: JSON.parse(body) };
    received.push(one);
    response.once('finish', () => response.statusCode < 300 && accepted.push(one));
    const status = await receiver.answers(one, response);
    if (status) response.writeHead(status).end();
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    accepted,
    answers: () => 204,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
