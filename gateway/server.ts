/** The front door: one HTTP server with GraphQL (HTTP, SSE, WebSocket), GraphiQL and health. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import { isTransient, Unauthenticated } from '../platform/errors.ts';
import type { Limiter } from '../platform/cluster/limiter.ts';
import type { FileStore } from '../platform/files/file-store.ts';
import { gateLog } from '../platform/gate/gate-log.ts';
import type { Policy } from '../platform/gate/rules.ts';
import type { Subgraph } from '../platform/graphql/subgraph.ts';
import { ANONYMOUS } from '../platform/identity/actor.ts';
import { clientOf } from '../platform/http/client-of.ts';
import { createListener, type Tls } from '../platform/http/create-listener.ts';
import { pathOf } from '../platform/http/path-of.ts';
import { type HealthSource, respondHealth } from '../platform/http/health.ts';
import { respondJson } from '../platform/http/respond-json.ts';
import { respondUnread } from '../platform/http/respond-unread.ts';
import type { Logger } from '../platform/log.ts';
import { count } from '../platform/telemetry/metrics.ts';
import { respondMetrics } from '../platform/telemetry/respond-metrics.ts';
import { CORRELATION_HEADER, correlationId } from './http/correlation-id.ts';
import { countRejected } from './operations/count-rejected.ts';
import { Drain } from './drain.ts';
import { createFront, type Front } from './http/front.ts';
import { createGraphVersion } from './graph/graph-version.ts';
import { type Graph, graphOf } from './graph/graph.ts';
import type { GraphiqlTab } from './http/graphiql.ts';
import { graphiqlTabs } from './http/graphiql-tabs.ts';
import { answerCors } from './limits/cors.ts';
import { PLACE_RETRY, tooManyRequests } from './limits/place-error.ts';
import { Places } from './limits/places.ts';
import { rateHeaders } from './limits/rate-headers.ts';
import { RateLimits } from './limits/rates.ts';
import { secure } from './limits/security-headers.ts';
import { LIMITS, type Limits } from './limits/limits.ts';
import { unreadable } from './limits/unreadable.ts';
import { HttpStreams } from './live/http-streams.ts';
import { LiveUpdates } from './live/live-updates.ts';
import { createErrorMask, type ErrorMask, RETRY_AFTER_SECONDS } from './operations/mask-error.ts';
import { respondErrors } from './http/respond.ts';
import { type Authenticate, actorOf, type Caller } from './identity/session.ts';
import { CurrentGraph } from './graph/current-graph.ts';
import { UsedDocuments } from './execution/used-documents.ts';
import { WARM_DOCUMENTS, warmUp } from './graph/warm-up.ts';
import { withoutHttp } from './operations/without-http.ts';
import { serveWebSockets } from './socket/web-socket.ts';
import { FileUploads } from './http/files/upload.ts';
import { FILE_METHODS, respondFile } from './http/files/respond-file.ts';
import { respondWebhook } from './http/webhooks.ts';

/**
 * How long an idle connection is kept: longer than load balancers keep theirs (nginx: 60 s), so that they close it and
 * not we, just as they send a request. Node's own five seconds lose such a request now and then, and it cannot be
 * repeated if it is a mutation. Milliseconds.
 */
const KEEP_ALIVE_MS = 65_000;

/** Options of a gateway. */
export interface GatewayOptions {
  /** Agents in this process, or a graph whose agents are anywhere. */
  subgraphs?: readonly Subgraph[];
  graph?: Graph;
  authenticate: Authenticate;
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Whether the agents behind are ready to serve, for `/health/ready`. */
  isReady: () => { ready: boolean; details: object };
  /** Health in more depth, for `/health/detailed` and `/health/<dependency>`. @default those paths are not served */
  health?: HealthSource;
  /** The agents' skills, for clients that find us at this address, for `/.well-known/agent-card.json`. @default none */
  agentCard?: (url: string) => object;
  /** The policies that `@policy` names. @default none, so that each denies */
  policies?: Readonly<Record<string, Policy>>;
  /** @default browse, sign in, place an order, watch it, with placeholders */
  graphiqlTabs?: readonly GraphiqlTab[];
  /** Token that opens `/metrics`. @default only this machine may read them */
  metricsToken?: string;
  /** Composed from the subgraphs if not given. */
  supergraphSdl?: string;
  /** Number of proxies before the gateway, whose `x-forwarded-for` is trusted. @default 0 */
  trustedProxies?: number;
  /** Limits of a request's size and cost. @default as docs/limits.md says */
  limits?: Limits;
  /** Counts against the rate limits. @default nothing is counted */
  limiter?: Limiter;
  /** The store of files, the same as the agents'. @default none: there are no files at `/files/` */
  files?: FileStore;
  /** Listens with this certificate, by HTTPS and wss. @default HTTP and ws */
  tls?: Tls;
  /** Time limit of a query or mutation, in milliseconds; then it is `UNAVAILABLE`. @default 30000 */
  timeoutMs?: number;
  /** How long open subscriptions wait for an agent that has gone, in milliseconds; then they end. @default 30000 */
  patienceMs?: number;
}

/** Timing of a gateway's shutdown. */
export interface Closing {
  /** How long it goes on serving while not ready, so that load balancers turn elsewhere. Milliseconds. @default 0 */
  drainMs?: number;
  /** How long requests and sockets may take to end after that. Milliseconds. @default 1500 */
  graceMs?: number;
}

/** A gateway that is ready to listen. */
export interface Gateway {
  /** Not listening yet: `server.listen(port, host)`. */
  server: Server;
  /** The schema that clients see. */
  readonly schema: GraphQLSchema;
  /** The supergraph as composed. */
  readonly supergraphSdl: string;
  /** Number of graph versions: the one that serves, and those still in use. */
  readonly graphVersions: number;
  /** Number of uses of the one that serves: operations, and open subscriptions. */
  readonly uses: number;
  /** Number of groups of subscribers: as many subscriptions are open at agents. */
  readonly liveGroups: number;
  /** Number of subscribers in them. */
  readonly subscribers: number;
  /** Number of plans of the one that serves. */
  readonly plans: number;
  /**
   * Makes a graph version of this graph beside the one that serves, plans the most used documents, and lets it serve.
   * @throws Error if the graph does not hold; then the old one serves on
   */
  swap(graph: Graph): Promise<void>;
  /** Finishes requests under way, and refuses new ones with a clear error, until `close`. */
  refuse(): void;
  /** Stops accepting, lets requests end, ends sockets with 1001. */
  close(closing?: Closing): Promise<void>;
}

/** How long requests and sockets may take to end when the gateway closes, in milliseconds. */
const GRACE_MS = 1_500;

/**
 * Makes the gateway.
 * @throws Error if the subgraphs do not compose, or if a coordinate has no decision
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, policies = {}, graphiqlTabs: tabs = graphiqlTabs(), timeoutMs, limits = LIMITS, limiter } = options;
  const used = new UsedDocuments();
  const generationOf = (graph: Graph) => createGraphVersion(graph, { policies, ...gateLog(log) }, used);
  let graph = options.graph ?? composed(options);
  const currentGraph = new CurrentGraph(await generationOf(graph));
  const mask = createErrorMask(log, { suggestions: limits.introspection });
  const live = new LiveUpdates({ currentGraph, mask, patienceMs: options.patienceMs });
  const rates = limiter && limits.rates && new RateLimits(limiter, limits.rates);
  const httpStreams = new HttpStreams(mask);
  const places = new Places(limits);
  const uploads = new FileUploads();
  const fronts = { live, mask, httpStreams, tabs, limits, rates, timeoutMs, log };
  let front = createFront(currentGraph.current, fronts);
  let graphVersions = 1;
  const complain = (error: unknown): void => log.warn({ err: error }, 'a graph did not end cleanly');

  const server = createListener(
    (request, response) => {
      countRequest(request, response);
      secure(response);
      const isGraphql = /^\/graphql(?=[/?]|$)/.test(request.url ?? '');
      if (isGraphql && answerCors(request, response, limits.origins)) return;
      if (request.url?.startsWith('/files/') && answerCors(request, response, limits.origins, FILE_METHODS)) return;
      if (drain.refuses(request, response)) return;
      route(request, response, { ...options, isReady, places, uploads }, front, mask, graph).catch((error: unknown) => {
        // The client has gone before its request was whole, and nobody is there to be answered.
        if (request.destroyed && !request.complete) return void response.destroy();
        log.error({ err: error }, 'a request failed');
        if (response.headersSent) response.destroy();
        else respondJson(response, 500, { error: { code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong.' } });
      });
    },
    { tls: options.tls, requestTimeoutMs: limits.requestTimeoutMs },
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const drain = new Drain(server);
  const isReady: GatewayOptions['isReady'] = () =>
    drain.isDraining ? { ready: false, details: { waitingFor: 'its end' } } : options.isReady();
  const webSockets = serveWebSockets(server, { ...options, limits, places, front: () => front, mask });
  return {
    server,
    get schema() {
      return currentGraph.current.schema;
    },
    get supergraphSdl() {
      return currentGraph.current.supergraphSdl;
    },
    get graphVersions() {
      return graphVersions;
    },
    get uses() {
      return currentGraph.current.uses();
    },
    get liveGroups() {
      return live.groups;
    },
    get subscribers() {
      return live.subscribers;
    },
    get plans() {
      return currentGraph.current.plans();
    },
    async swap(nextGraph) {
      const next = await generationOf(nextGraph);
      await warmUp(next, used.top(WARM_DOCUMENTS));
      front = createFront(next, fronts);
      graph = nextGraph;
      graphVersions += 1;
      void currentGraph
        .swap(next)
        .catch(complain)
        .finally(() => (graphVersions -= 1));
    },
    refuse: () => drain.refuse(),
    async close({ drainMs = 0, graceMs = GRACE_MS } = {}) {
      drain.begin();
      if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
      await Promise.all([drain.end(graceMs), webSockets.close(graceMs)]);
      httpStreams.stop();
      // Not awaited: requests that were cut off may take their time to notice.
      currentGraph.current.retire().catch(complain);
    },
  };
}

function composed({ subgraphs = [], supergraphSdl, log }: GatewayOptions): Graph {
  const { hints, ...graph } = graphOf(subgraphs, supergraphSdl);
  for (const hint of hints) log.debug({ hint }, 'composition');
  return graph;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: GatewayOptions & { places: Places; uploads: FileUploads },
  front: Front,
  mask: ErrorMask,
  graph: Graph,
): Promise<void> {
  const pathname = pathOf(request);
  // A person who tries the address in a browser is sent to GraphiQL.
  if (pathname === '/' && request.method === 'GET' && request.headers.accept?.includes('text/html')) {
    response.writeHead(302, { location: '/graphql' }).end();
    return;
  }
  if (pathname === '/graphql') return graphql(request, response, options, front, mask);
  if (pathname === '/health' || pathname.startsWith('/health/')) {
    if (await respondHealth(response, pathname, options)) return;
  }
  if (pathname === '/metrics') return respondMetrics(request, response, options.metricsToken);
  if (pathname === '/.well-known/agent-card.json' && options.agentCard) {
    return respondJson(
      response,
      200,
      options.agentCard(`${options.tls ? 'https' : 'http'}://${request.headers.host ?? 'localhost'}`),
      OPEN,
    );
  }
  if (pathname.startsWith('/webhooks/')) {
    const { log, places, trustedProxies = 0 } = options;
    return respondWebhook(request, response, pathname, { graph, log, places, trustedProxies });
  }
  if (pathname.startsWith('/files/')) {
    const { trustedProxies = 0 } = options;
    return respondFile(request, response, pathname, { ...options, graph, rates: front.rates, trustedProxies });
  }
  respondJson(response, 404, { error: { code: 'NOT_FOUND', message: `There is nothing at ${pathname}.` } });
}

/** Handles `/graphql`. An invalid token fails the whole request: silently anonymous, its user would look signed out. */
async function graphql(
  request: IncomingMessage,
  response: ServerResponse,
  { authenticate, trustedProxies = 0, places }: GatewayOptions & { places: Places },
  { yoga, rates }: Front,
  mask: ErrorMask,
): Promise<void> {
  const id = correlationId(request.headers[CORRELATION_HEADER]);
  response.setHeader(CORRELATION_HEADER, id);
  const client = clientOf(request, trustedProxies);
  const place = places.take(client, response);
  if (!place) {
    countRejected('RATE_LIMITED');
    return respondUnread(response, 429, { errors: [tooManyRequests(places.requests.most)] }, PLACE_RETRY);
  }
  const refusal = unreadable(request);
  if (refusal) {
    const { status, message, headers } = refusal;
    return respondErrors(
      response,
      status,
      [new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })],
      headers,
    );
  }
  const tell = rateHeaders(response);
  try {
    const identity = await authenticate(request.headers.authorization?.trim() || undefined).catch(async (error) => {
      // A client that tries one token after the other is counted by its address.
      if (error instanceof Unauthenticated)
        await rates?.request({ actor: () => ANONYMOUS, correlationId: id, client, tell });
      throw error;
    });
    actorOf(identity); // An ended session is refused like an invalid token.
    const becomeStream = (): boolean => place.becomeStream();
    const caller: Caller = { actor: () => actorOf(identity), correlationId: id, client, tell, becomeStream };
    await rates?.request(caller);
    await yoga(request, response, { caller });
  } catch (error) {
    if (response.headersSent) throw error;
    if (error instanceof Unauthenticated) {
      count('agora_tokens_refused_total', { transport: 'http' });
      return respondErrors(response, 401, [mask.error(error, id)], INVALID_TOKEN);
    }
    if (error instanceof GraphQLError && error.extensions.code === 'RATE_LIMITED') {
      countRejected('RATE_LIMITED');
      const { headers, status } = error.extensions.http as { headers: Record<string, string>; status: number };
      return respondErrors(response, status, withoutHttp([mask.error(error, id)]), headers);
    }
    const isPassing = isTransient(error);
    const headers: Record<string, string> = isPassing ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
    respondErrors(response, isPassing ? 503 : 500, [mask.error(error, id)], headers);
  }
}

const ROUTES = /^\/(graphql|health|metrics|console|webhooks|files|\.well-known)(?=\/|$)/;

/** Counts by the first part of a path that is ours: paths that strangers try would make as many series. */
function countRequest(request: IncomingMessage, response: ServerResponse): void {
  const route = ROUTES.exec((request.url ?? '').split('?', 1)[0]!)?.[0] ?? 'other';
  response.once('close', () => count('agora_http_requests_total', { route, status: String(response.statusCode) }));
}

/** Pages of any origin may read it. */
const OPEN = { 'access-control-allow-origin': '*' };

// https://www.rfc-editor.org/rfc/rfc6750#section-3
const INVALID_TOKEN = { 'www-authenticate': 'Bearer error="invalid_token"' };
