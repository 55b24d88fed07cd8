/**
 * GraphQL over WebSocket by graphql-ws (protocol graphql-transport-ws, the same path). The token comes in the payload
 * of `connection_init`, can be renewed by the payload of a `ping`, and closes the socket with 4401 when it expires or
 * its session is ended. Results do not go through graphql-ws, which would serialise each for each subscriber and has no
 * back-pressure (`live/socket-queue.ts`); it keeps the protocol.
 */
import type { Server } from 'node:http';
import type { ExecutionArgs, GraphQLError } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { answerAndClose } from '../../platform/http/answer-and-close.ts';
import { clientOf } from '../../platform/http/client-of.ts';
import { pathOf } from '../../platform/http/path-of.ts';
import type { Logger } from '../../platform/log.ts';
import { add } from '../../platform/telemetry/metrics.ts';
import { mayOpenSocket } from '../limits/cors.ts';
import type { Limits } from '../limits/limits.ts';
import { tooManyStreamsMessage } from '../limits/place-error.ts';
import type { Places } from '../limits/places.ts';
import { placeOf } from '../limits/rates.ts';
import { SocketQueue } from '../live/socket-queue.ts';
import { type Authenticate, SWEEP_MS } from '../identity/session.ts';
import { identify, type Payload, SocketSession } from './socket-session.ts';
import { speak, type SocketExtra } from './socket-protocol.ts';
import { type Kept, type MessageOptions, prepare, run, type Socket, type Subscribed } from './subscribe-message.ts';

/** Largest message from a client, in bytes. */
const MAX_PAYLOAD = 256 * 1024;

/** Options of the WebSocket endpoint. */
export interface WebSocketOptions extends MessageOptions {
  limits: Limits;
  /** Counts sockets among the open streams of their address. */
  places: Pick<Places, 'streams'>;
  authenticate: Authenticate;
  log: Pick<Logger, 'debug' | 'error'>;
}

/** Serves WebSockets on `/graphql` of the server. `close` ends them with 1001 and those that stay, by force. */
export function serveWebSockets(server: Server, options: WebSocketOptions): { close(graceMs: number): Promise<void> } {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    // One message at a turn of the event loop: an operation that a `complete` ends has ended when its id comes again.
    allowSynchronousEvents: false,
    handleProtocols,
  });
  const { authenticate } = options;
  const sessions = new Set<SocketSession>();
  const protocol = makeServer<Payload, SocketExtra & Partial<Kept>>({
    connectionInitWaitTimeout: options.limits.connectionInitMs,
    onConnect: async (socket) => {
      const identity = await identify(authenticate, socket.connectionParams);
      if (identity === 'unavailable') socket.extra.socket.close(1013, 'Try again later');
      // 4403, unless it is closing already, as when it closed while its token was checked.
      if (!identity || identity === 'unavailable' || !isOpen(socket)) return false;
      socket.extra.session = new SocketSession(socket.extra.socket, identity);
      socket.extra.queue = new SocketQueue(socket.extra.socket);
      sessions.add(socket.extra.session);
      return true;
    },
    onPing: async (socket, payload) => {
      if (payload?.authorization === undefined) return;
      const identity = await identify(authenticate, payload);
      if (identity === 'unavailable' || !isOpen(socket)) return; // The old token still counts, and the client can ping again.
      const isSame = identity && identity.actor.id === socket.extra.session?.identity.actor.id;
      if (isSame) socket.extra.session!.renew(identity);
      else socket.extra.socket.close(4403, 'Forbidden');
    },
    onDisconnect: (socket) => {
      socket.extra.session?.end();
      sessions.delete(socket.extra.session!);
    },
    onSubscribe: (socket, id, payload) =>
      prepare(socket, id, payload, options) as Promise<ExecutionArgs | GraphQLError[]>,
    execute: (args) => run(args as never as Subscribed, options.mask),
    subscribe: (args) => run(args as never as Subscribed, options.mask, true),
  });
  const { streams } = options.places;
  server.on('upgrade', (request, socket, head) => {
    if (pathOf(request) !== '/graphql') return answerAndClose(socket, '404 Not Found', NOT_HERE);
    if (!mayOpenSocket(request, options.limits.origins))
      return answerAndClose(socket, '403 Forbidden', NOT_THIS_ORIGIN);
    const closed = streams.open(placeOf({ client: clientOf(request, options.trustedProxies ?? 0) }));
    if (!closed) {
      const message = tooManyStreamsMessage(streams.most);
      return answerAndClose(socket, '429 Too Many Requests', { code: 'RATE_LIMITED', message });
    }
    socket.once('close', closed);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      speak(protocol, { socket: webSocket, request }, options.log);
      add('agora_websockets_open', {}, 1);
      webSocket.once('close', () => add('agora_websockets_open', {}, -1));
    });
  });
  // An ended session gets no more results, and its socket is not kept until its token would have expired.
  const sweep = setInterval(() => {
    for (const session of sessions) session.closeIfEnded();
  }, SWEEP_MS).unref();
  return {
    close: (graceMs) => {
      clearInterval(sweep);
      return closeAll(sockets, graceMs);
    },
  };
}

const isOpen = ({ extra: { socket } }: Socket): boolean => socket.readyState === socket.OPEN;

const NOT_HERE = { code: 'NOT_FOUND', message: 'There is no WebSocket at this path: open it at /graphql.' };
const NOT_THIS_ORIGIN = {
  code: 'FORBIDDEN',
  message: 'Pages of this origin may not open a WebSocket: see CORS_ORIGINS.',
};

async function closeAll(sockets: WebSocketServer, graceMs: number): Promise<void> {
  const open = [...sockets.clients];
  const closed = Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  for (const socket of open) socket.close(1001, 'The gateway is stopping');
  const timer = setTimeout(() => {
    for (const socket of open) socket.terminate();
  }, graceMs);
  await closed;
  clearTimeout(timer);
  sockets.close();
}
