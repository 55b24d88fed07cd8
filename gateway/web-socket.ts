/**
 * GraphQL over WebSocket by graphql-ws (protocol graphql-transport-ws, the same path). The token comes in the payload
 * of `connection_init`, can be renewed by the payload of a `ping`, and closes the socket with 4401 when it expires or
 * its session is ended. Results do not go through graphql-ws, which would serialise each for each subscriber and wait
 * for nobody (`live/socket-queue.ts`); it keeps the protocol.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { type Context, handleProtocols } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { Unauthenticated } from '../platform/errors.ts';
import { clientOf } from '../platform/http/client-of.ts';
import { pathOf } from '../platform/http/path-of.ts';
import { ANONYMOUS } from '../platform/identity/actor.ts';
import type { Logger } from '../platform/log.ts';
import { add, count } from '../platform/telemetry/metrics.ts';
import { correlationId } from './correlation-id.ts';
import { countRejected } from './count-rejected.ts';
import { checkVariables } from './limits/check-variables.ts';
import { mayOpenSocket } from './limits/cors.ts';
import type { Limits } from './limits/limits.ts';
import { OpenSockets } from './limits/open-sockets.ts';
import { placeOf } from './limits/rates.ts';
import { type DocumentParams, textOf } from './limits/stored-documents.ts';
import { frameOf } from './live/frame.ts';
import { LiveStream, type Sink } from './live/live-stream.ts';
import { SocketQueue } from './live/socket-queue.ts';
import type { ErrorMask } from './mask-error.ts';
import type { Operation } from './operation.ts';
import type { Operations } from './operations.ts';
import type { Front } from './front.ts';
import { type Authenticate, actorOf, type Caller, type Identity } from './session.ts';

import { whileOpen } from './while-open.ts';
import { withoutHttp } from './without-http.ts';

/** Largest message from a client, in bytes. */
const MAX_PAYLOAD = 256 * 1024;
/** Longest delay of a timer of Node. */
const MAX_DELAY = 2 ** 31 - 1;
/** How often it is looked whose session was ended, in milliseconds. */
const SWEEP_MS = 1000;

type Payload = Record<string, unknown> | undefined;
/** What is kept beside a socket, from its `connection_init` on. */
interface Kept {
  session: Session;
  queue: SocketQueue;
}
type Socket = Context<Payload, Extra & Partial<Kept>>;
/** graphql-ws keeps it for as long as a subscription is open, so it must not hold the graph: `operations` is taken once. */
type Subscribed = Omit<ExecutionArgs, 'schema'> & {
  operation: Operation;
  operations: Operations | undefined;
  socket: WebSocket;
  sink: Sink;
};

/** What the WebSocket endpoint stands on. */
export interface WebSocketOptions {
  /** How many proxies stand before the gateway. @default 0 */
  trustedProxies?: number;
  limits: Limits;
  /** Of the generation that serves: asked for every operation. */
  front(): Front;
  mask: ErrorMask;
  authenticate: Authenticate;
  log: Pick<Logger, 'debug'>;
}

/** Serves WebSockets on `/graphql` of the server. `close` ends them with 1001 and those that stay, by force. */
export function serveWebSockets(server: Server, options: WebSocketOptions): { close(graceMs: number): Promise<void> } {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    handleProtocols,
  });
  const open = new OpenSockets(options.limits.socketsPerAddress);
  server.on('upgrade', (request, socket, head) => {
    if (pathOf(request) !== '/graphql') {
      return refuse(socket, '404 Not Found');
    }
    if (!mayOpenSocket(request, options.limits.origins)) return refuse(socket, '403 Forbidden');
    const closed = open.open(placeOf({ client: clientOf(request, options.trustedProxies ?? 0) }));
    if (!closed) return refuse(socket, '429 Too Many Requests');
    socket.once('close', closed);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.emit('connection', webSocket, request);
      webSocket.setMaxListeners(0); // Each operation that is under way has one.
      add('agora_websockets_open', {}, 1);
      webSocket.once('close', () => add('agora_websockets_open', {}, -1));
      // A frame that breaks the protocol is the client's mistake, and ws closes for it; graphql-ws would print it.
      webSocket.removeAllListeners('error').on('error', (error) => options.log.debug({ err: error }, 'a bad frame'));
    });
  });
  const { authenticate } = options;
  const sessions = new Set<Session>();
  useServer<Payload, Partial<Kept>>(
    {
      connectionInitWaitTimeout: options.limits.connectionInitMs,
      onConnect: async (socket) => {
        const identity = await identify(authenticate, socket.connectionParams);
        if (identity === 'unavailable') socket.extra.socket.close(1013, 'Try again later');
        if (!identity || identity === 'unavailable') return false; // 4403, unless it is closing already
        socket.extra.session = new Session(socket.extra.socket, identity);
        socket.extra.queue = new SocketQueue(socket.extra.socket);
        sessions.add(socket.extra.session);
        return true;
      },
      onPing: async (socket, payload) => {
        if (payload?.authorization === undefined) return;
        const identity = await identify(authenticate, payload);
        if (identity === 'unavailable') return; // The old token still counts, and the client can ping again.
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
    },
    sockets,
  );
  // A session that was ended is told nothing more, and its socket not kept until its token would have expired.
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

/**
 * Runs an operation, whose results go straight to its socket; what graphql-ws gets only ends. It throws nothing, and what
 * it says is serialised already: an error in either would make graphql-ws close the whole socket, with 4500.
 */
async function run(args: Subscribed, mask: ErrorMask, isSubscription = false): Promise<LiveStream> {
  const { operation, sink, socket } = args;
  const operations = args.operations!;
  // Those of the generation that its document was validated for, which graphql-ws would hold for as long as it is open.
  args.operations = undefined;
  const result = isSubscription
    ? await operations.subscribe(operation)
    : await whileOpen(socket, (signal) =>
        operations.execute({ ...operation, caller: { ...operation.caller, signal } }),
      );
  if (result instanceof LiveStream) {
    result.pipe(sink);
    return result;
  }
  const { correlationId } = operation.caller;
  const stream = new LiveStream(operation.caller, ANONYMOUS);
  stream.pipe(sink);
  stream.finish(frameOf(result, (error) => ({ data: null, errors: [mask.error(error, correlationId)] })));
  return stream;
}

/** Who a socket belongs to; ends it when its token does. */
class Session {
  readonly #socket: WebSocket;
  #timer: NodeJS.Timeout | undefined;
  identity: Identity;

  constructor(socket: WebSocket, identity: Identity) {
    this.#socket = socket;
    this.identity = identity;
    this.#arm();
  }

  renew(identity: Identity): void {
    this.identity = identity;
    this.#arm();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  closeIfEnded(): void {
    if (this.identity.isRevoked?.()) this.#socket.close(4401, 'The session was ended');
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { expiresAt } = this.identity;
    if (!expiresAt) return;
    const left = expiresAt.getTime() - Date.now();
    if (left <= 0) this.#socket.close(4401, 'The access token has expired');
    else this.#timer = setTimeout(() => this.#arm(), Math.min(left, MAX_DELAY)).unref();
  }
}

/** Who the payload's token stands for; nobody without one; undefined if it is not good. */
async function identify(authenticate: Authenticate, payload: Payload): Promise<Identity | 'unavailable' | undefined> {
  const authorization = payload?.authorization ?? undefined;
  if (authorization !== undefined && typeof authorization !== 'string') return undefined;
  try {
    return await authenticate(authorization?.trim() || undefined);
  } catch (error) {
    if (!(error instanceof Unauthenticated)) return 'unavailable';
    count('agora_tokens_refused_total', { transport: 'websocket' });
    return undefined;
  }
}

/** Parses and validates as over HTTP. Whatever is wrong comes back as errors: a throw would close the whole socket. */
async function prepare(
  socket: Socket,
  id: string,
  payload: DocumentParams & {
    query: string;
    operationName?: string | null;
    variables?: Record<string, unknown> | null;
  },
  { front, mask, trustedProxies = 0 }: WebSocketOptions,
): Promise<Subscribed | GraphQLError[]> {
  const correlation = correlationId(undefined);
  const { yoga, operations, limits, rates } = front();
  try {
    const session = socket.extra.session!;
    const client = clientOf(socket.extra.request, trustedProxies);
    const caller: Caller = { actor: () => actorOf(session.identity), correlationId: correlation, client };
    const { schema, parse, validate } = yoga.getEnveloped({ caller, params: payload } as never);
    if (Object.keys(socket.subscriptions).length > limits.subscriptionsPerSocket) throw tooManyAtOnce(limits);
    await rates?.request(caller);
    checkVariables(payload.variables, limits.document);
    const document = parse(limits.documents ? ((await textOf(payload, limits.documents)) ?? '') : payload.query);
    const invalid = validate(schema, document) as GraphQLError[];
    if (invalid.length > 0) {
      countRejected('GRAPHQL_VALIDATION_FAILED');
      return withoutHttp(invalid.map((error) => mask.error(coded(error, 'GRAPHQL_VALIDATION_FAILED'), correlation)));
    }
    const { operationName, variables } = payload;
    const operation: Operation = { document, operationName, variables, caller };
    const { socket: webSocket } = socket.extra;
    const sink = socket.extra.queue!.sinkOf(id);
    return { document, operationName, variableValues: variables, operation, operations, socket: webSocket, sink };
  } catch (error) {
    const shown = error instanceof GraphQLError ? coded(error, 'GRAPHQL_PARSE_FAILED') : error;
    countRejected(error instanceof GraphQLError ? error.extensions.code : 'INTERNAL_SERVER_ERROR');
    return withoutHttp([mask.error(shown, correlation)]);
  }
}

const tooManyAtOnce = ({ subscriptionsPerSocket: most }: Limits): GraphQLError =>
  new GraphQLError(`A socket may have ${most} operations open at once: end one, or open another socket.`, {
    extensions: { code: 'RATE_LIMITED', policy: 'subscriptions' },
  });

/** Before there is a WebSocket. */
function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {}); // A client that resets the connection must not end the process.
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const coded = (error: GraphQLError, code: string): GraphQLError => {
  error.extensions.code ??= code;
  return error;
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
