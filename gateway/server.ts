/** The front door: one HTTP server with GraphQL (HTTP, SSE, WebSocket), GraphiQL and health. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import { isTransient, Unauthenticated } from '../platform/errors.ts';
import type { Policy } from '../platform/gate/rules.ts';
import type { Subgraph } from '../platform/graphql/subgraph.ts';
import type { Logger } from '../platform/log.ts';
import { count } from '../platform/telemetry/metrics.ts';
import { respondMetrics } from '../platform/telemetry/respond-metrics.ts';
import { composeSupergraph } from './compose.ts';
import { CORRELATION_HEADER, correlationId } from './correlation-id.ts';
import { createGeneration, type Generation } from './generation.ts';
import type { GraphiqlTab } from './graphiql.ts';
import { graphiqlTabs } from './graphiql-tabs.ts';
import { createErrorMask, type ErrorMask, RETRY_AFTER_SECONDS } from './mask-error.ts';
import { observedOperations } from './observed-operations.ts';
import { createOperations } from './operations.ts';
import { type HealthSource, respondHealth } from '../platform/http/health.ts';
import { respondJson } from '../platform/http/respond-json.ts';
import { respondErrors } from './respond.ts';
import { type Authenticate, actorOf } from './session.ts';
import { serveWebSockets } from './web-socket.ts';
import { createYogaHandler, type Yoga } from './yoga.ts';

/** What a gateway is made from. */
export interface GatewayOptions {
  subgraphs: readonly Subgraph[];
  authenticate: Authenticate;
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Whether what stands behind is ready to serve, for `/health/ready`. */
  isReady: () => { ready: boolean; details: object };
  /** What is behind, in more depth, for `/health/detailed` and `/health/<dependency>`. @default there is nothing there */
  health?: HealthSource;
  /** What the agents can do, for those who find us at this address, for `/.well-known/agent-card.json`. @default none */
  agentCard?: (url: string) => object;
  /** The policies that `@policy` names. @default none, so that each denies */
  policies?: Readonly<Record<string, Policy>>;
  /** @default browse, sign in, place an order, watch it, with placeholders */
  graphiqlTabs?: readonly GraphiqlTab[];
  /** Opens `/metrics`. @default only this machine may read them */
  metricsToken?: string;
  /** Composed from the subgraphs if not given. */
  supergraphSdl?: string;
  /** How long a query or mutation may take, in milliseconds; then it is `UNAVAILABLE`. @default 30000 */
  timeoutMs?: number;
}

/** A gateway that is ready to listen. */
export interface Gateway {
  /** Not listening yet: `server.listen(port, host)`. */
  server: Server;
  /** What clients see. */
  schema: GraphQLSchema;
  /** As composed. */
  supergraphSdl: string;
  /** Stops accepting, lets requests end, ends sockets with 1001. Takes two seconds at most. */
  close(): Promise<void>;
}

/** How long requests and sockets may take to end when the gateway closes, in milliseconds. */
const GRACE_MS = 1_500;

/**
 * Makes the gateway.
 * @throws Error if the subgraphs do not compose, or if a coordinate has no decision
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { subgraphs, authenticate, log, policies = {}, graphiqlTabs: tabs = graphiqlTabs() } = options;
  const supergraphSdl = options.supergraphSdl ?? composed(subgraphs, log);
  const onError = (error: unknown, rule: string): void =>
    log.error({ err: error, rule }, 'a rule failed, and so denied');
  const generation = await createGeneration(supergraphSdl, subgraphs, { policies, onError });
  const mask = createErrorMask(log);
  const operations = observedOperations(createOperations(generation, mask, options.timeoutMs), mask, log);
  const yoga = createYogaHandler(generation, operations, mask, tabs);
  const server = createServer((request, response) => {
    countRequest(request, response);
    route(request, response, options, yoga, mask).catch((error: unknown) => {
      log.error({ err: error }, 'a request failed');
      if (response.headersSent) response.destroy();
      else respondJson(response, 500, { error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong.' } });
    });
  });
  const webSockets = serveWebSockets(server, { yoga, operations, mask, authenticate, log });
  return {
    server,
    schema: generation.schema,
    supergraphSdl,
    close: () => closeAll(server, webSockets, generation),
  };
}

function composed(subgraphs: readonly Subgraph[], log: GatewayOptions['log']): string {
  const { supergraphSdl, hints } = composeSupergraph(subgraphs);
  for (const hint of hints) log.debug({ hint }, 'composition');
  return supergraphSdl;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: GatewayOptions,
  yoga: Yoga,
  mask: ErrorMask,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/graphql') return graphql(request, response, options.authenticate, yoga, mask);
  if (pathname === '/health' || pathname.startsWith('/health/')) {
    if (await respondHealth(response, pathname, options)) return;
  }
  if (pathname === '/metrics') return respondMetrics(request, response, options.metricsToken);
  if (pathname === '/.well-known/agent-card.json' && options.agentCard) {
    return respondJson(response, 200, options.agentCard(`http://${request.headers.host ?? 'localhost'}`), OPEN);
  }
  respondJson(response, 404, { error: { code: 'NOT_FOUND', message: `There is nothing at ${pathname}.` } });
}

/** A token that was given and is not good fails the whole request: silently anonymous, it would look signed out. */
async function graphql(
  request: IncomingMessage,
  response: ServerResponse,
  authenticate: Authenticate,
  yoga: Yoga,
  mask: ErrorMask,
): Promise<void> {
  const id = correlationId(request.headers[CORRELATION_HEADER]);
  response.setHeader(CORRELATION_HEADER, id);
  if (request.method === 'POST' && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    const error = new GraphQLError('Send JSON: `content-type: application/json`.', {
      extensions: { code: 'BAD_REQUEST' },
    });
    return respondErrors(response, 415, [error]);
  }
  try {
    const isPreflight = request.method === 'OPTIONS';
    const identity = await authenticate((!isPreflight && request.headers.authorization?.trim()) || undefined);
    actorOf(identity); // A session that was ended is refused like a token that is not good.
    await yoga(request, response, { caller: { actor: () => actorOf(identity), correlationId: id } });
  } catch (error) {
    if (response.headersSent) throw error;
    if (error instanceof Unauthenticated) {
      count('agora_tokens_refused_total', { transport: 'http' });
      return respondErrors(response, 401, [mask.error(error, id)], INVALID_TOKEN);
    }
    const isPassing = isTransient(error);
    const headers: Record<string, string> = isPassing ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
    respondErrors(response, isPassing ? 503 : 500, [mask.error(error, id)], headers);
  }
}

const ROUTES = /^\/(graphql|health|metrics|console|\.well-known)(?=\/|$)/;

/** By the first part of the path, as far as it is one of ours: what strangers try would make as many series. */
function countRequest(request: IncomingMessage, response: ServerResponse): void {
  const route = ROUTES.exec((request.url ?? '').split('?', 1)[0]!)?.[0] ?? 'other';
  response.once('close', () => count('agora_http_requests_total', { route, status: String(response.statusCode) }));
}

/** Anybody's page may read it. */
const OPEN = { 'access-control-allow-origin': '*' };

// https://www.rfc-editor.org/rfc/rfc6750#section-3
const INVALID_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' };

async function closeAll(
  server: Server,
  webSockets: ReturnType<typeof serveWebSockets>,
  generation: Generation,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await Promise.all([stopped, webSockets.close(GRACE_MS)]);
  clearTimeout(timer);
  await generation.close();
}
