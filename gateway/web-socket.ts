/**
 * GraphQL over WebSocket by graphql-ws (protocol graphql-transport-ws, the same path). The token comes in the payload
 * of `connection_init`, can be renewed by the payload of a `ping`, and closes the socket with 4401 when it expires.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { type Context, handleProtocols } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { Unauthenticated } from '../platform/errors.ts';
import { clientOf } from '../platform/http/client-of.ts';
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
import type { ErrorMask } from './mask-error.ts';
import type { Operation } from './operation.ts';
import type { Operations } from './operations.ts';
import type { Front } from './front.ts';
import { type Authenticate, actorOf, type Caller, type Identity } from './session.ts';

import { whileOpen } from './while-open.ts';
import { resultWithoutHttp, withoutHttp } from './without-http.ts';

/** Largest message from a client, in bytes. */
const MAX_PAYLOAD = 256 * 1024;
/** Longest delay of a timer of Node. */
const MAX_DELAY = 2 ** 31 - 1;

type Payload = Record<string, unknown> | undefined;
type Socket = Context<Payload, Extra & Partial<{ session: Session }>>;
/** graphql-ws keeps it for as long as a subscription is open, so it must not hold the graph: `operations` is taken once. */
type Subscribed = Omit<ExecutionArgs, 'schema'> & {
  operation: Operation;
  operations: Operations | undefined;
  socket: WebSocket;
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
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/graphql') {
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
  useServer<Payload, Partial<{ session: Session }>>(
    {
      connectionInitWaitTimeout: options.limits.connectionInitMs,
      onConnect: async (socket) => {
        const identity = await identify(authenticate, socket.connectionParams);
        if (identity === 'unavailable') socket.extra.socket.close(1013, 'Try again later');
        if (!identity || identity === 'unavailable') return false; // 4403, unless it is closing already
        socket.extra.session = new Session(socket.extra.socket, identity);
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
      onDisconnect: (socket) => socket.extra.session?.end(),
      onSubscribe: (socket, _id, payload) =>
        prepare(socket, payload, options) as Promise<ExecutionArgs | GraphQLError[]>,
      execute: async (args) => {
        const { operation, socket } = args as never as Subscribed;
        const operations = takeOperations(args as never);
        return whileOpen(socket, async (signal) =>
          resultWithoutHttp(await operations.execute({ ...operation, caller: { ...operation.caller, signal } })),
        );
      },
      subscribe: async (args) => {
        const opened = await takeOperations(args as never).subscribe((args as never as Subscribed).operation);
        return Symbol.asyncIterator in opened ? opened : resultWithoutHttp(opened);
      },
    },
    sockets,
  );
  return { close: (graceMs) => closeAll(sockets, graceMs) };
}

/** Those of the generation that its document was validated for. */
function takeOperations(args: Subscribed): Operations {
  const { operations } = args;
  args.operations = undefined;
  return operations!;
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
  payload: DocumentParams & {
    query: string;
    operationName?: string | null;
    variables?: Record<string, unknown> | null;
  },
  { front, mask, trustedProxies = 0 }: WebSocketOptions,
): Promise<Subscribed | GraphQLError[]> {
  const id = correlationId(undefined);
  const { yoga, operations, limits, rates } = front();
  try {
    const session = socket.extra.session!;
    const client = clientOf(socket.extra.request, trustedProxies);
    const caller: Caller = { actor: () => actorOf(session.identity), correlationId: id, client };
    const { schema, parse, validate } = yoga.getEnveloped({ caller, params: payload } as never);
    if (Object.keys(socket.subscriptions).length > limits.subscriptionsPerSocket) throw tooManyAtOnce(limits);
    await rates?.request(caller);
    checkVariables(payload.variables, limits.document);
    const document = parse(limits.documents ? ((await textOf(payload, limits.documents)) ?? '') : payload.query);
    const invalid = validate(schema, document) as GraphQLError[];
    if (invalid.length > 0) {
      countRejected('GRAPHQL_VALIDATION_FAILED');
      return withoutHttp(invalid.map((error) => mask.error(coded(error, 'GRAPHQL_VALIDATION_FAILED'), id)));
    }
    const { operationName, variables } = payload;
    const operation: Operation = { document, operationName, variables, caller };
    const { socket: webSocket } = socket.extra;
    return { document, operationName, variableValues: variables, operation, operations, socket: webSocket };
  } catch (error) {
    const shown = error instanceof GraphQLError ? coded(error, 'GRAPHQL_PARSE_FAILED') : error;
    countRejected(error instanceof GraphQLError ? error.extensions.code : 'INTERNAL_SERVER_ERROR');
    return withoutHttp([mask.error(shown, id)]);
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
