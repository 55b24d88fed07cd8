/** Serves the agents of a process to the others: one HTTP server, a path an agent, signed requests only; health and metrics. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isTransient } from '../errors.ts';
import { gateLog } from '../gate/gate-log.ts';
import { guardSubgraph } from '../gate/guard-subgraph.ts';
import type { Subgraph, SubgraphRequest } from '../graphql/subgraph.ts';
import { createListener, type Tls } from '../http/create-listener.ts';
import { type HealthSource, respondHealth } from '../http/health.ts';
import { pathOf } from '../http/path-of.ts';
import { respondJson } from '../http/respond-json.ts';
import type { Logger } from '../log.ts';
import { count } from '../telemetry/metrics.ts';
import { traced } from '../telemetry/tracing.ts';
import { respondMetrics } from '../telemetry/respond-metrics.ts';
import { BodyTooLarge, bodyOf } from './body-of.ts';
import { REFUSED_HEADER } from './refused-header.ts';
import { GATEWAY, RequestRefused, type RequestVerifier } from './signed-request.ts';
import { type SubgraphYoga, subgraphYoga } from './subgraph-yoga.ts';

/** Options of the server. */
export interface ServeOptions {
  subgraphs: readonly Subgraph[];
  verifier: RequestVerifier;
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** For `/health/ready`. While it drains it is not ready, whatever this says. */
  isReady(): { ready: boolean; details: object };
  health?: HealthSource;
  /** Bearer token of `/metrics` (METRICS_TOKEN). @default none: requests from this machine alone are answered */
  metricsToken?: string;
  /** The certificate for HTTPS. @default HTTP */
  tls?: Tls;
}

/** A server that is ready to listen. */
export interface SubgraphServer {
  server: Server;
  /** Begins to drain: is not ready any more, and asks callers to close their connections. It goes on serving. */
  drain(): void;
  /** Stops listening, lets pending requests end, and ends subscriptions, whose readers go to another replica. */
  close(): Promise<void>;
}

/** Grace period for pending requests, in milliseconds. */
const GRACE_MS = 10_000;
/** Keep-alive of an idle connection, longer than the callers' (`transport.ts`), so that they close it. */
const KEEP_ALIVE_MS = 65_000;

/** Creates the server. */
export function serveSubgraphs(options: ServeOptions): SubgraphServer {
  const { subgraphs, log } = options;
  const yogas = new Map(
    subgraphs.map((subgraph) => [`/${subgraph.name}`, subgraphYoga(subgraph, guardSubgraph(subgraph, gateLog(log)))]),
  );
  const open = new Set<ServerResponse>();
  let isDraining = false;
  const isReady = (): ReturnType<ServeOptions['isReady']> =>
    isDraining ? { ready: false, details: { waitingFor: 'the end' } } : options.isReady();

  const server = createListener(
    (request, response) => {
      open.add(response);
      response.once('close', () => open.delete(response));
      if (isDraining) response.setHeader('connection', 'close');
      route(request, response, { ...options, isReady }, yogas).catch((error: unknown) => {
        log.error({ err: error }, 'a request of another process failed');
        if (response.headersSent) response.destroy();
        else refuse(response, isTransient(error) ? 503 : 500, 'FAILED');
      });
    },
    { tls: options.tls },
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  return {
    server,
    drain() {
      isDraining = true;
      for (const response of open) if (!response.headersSent) response.setHeader('connection', 'close');
    },
    async close() {
      this.drain();
      const closed = new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
      for (const response of open) if (isStream(response)) response.destroy();
      const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
  yogas: ReadonlyMap<string, SubgraphYoga>,
): Promise<void> {
  const pathname = pathOf(request);
  const yoga = yogas.get(pathname);
  if (yoga) return answerSigned(request, response, options, yoga);
  if (pathname === '/health' || pathname.startsWith('/health/')) {
    if (await respondHealth(response, pathname, options)) return;
  }
  if (pathname === '/metrics' && request.method === 'GET')
    return respondMetrics(request, response, options.metricsToken);
  refuse(response, 404, 'NOT_FOUND');
}

async function answerSigned(
  request: IncomingMessage,
  response: ServerResponse,
  { verifier, log }: ServeOptions,
  yoga: SubgraphYoga,
): Promise<void> {
  if (request.method !== 'POST') return refuse(response, 405, 'POST_ONLY');
  const { method, headers } = request;
  try {
    const body = await bodyOf(request);
    const { sender, actor, correlationId, client, mayLag } = await verifier.verify({
      method,
      path: request.url!,
      headers,
      body,
    });
    const asked = requestIn(body);
    if (!asked) return refuse(response, 400, 'MALFORMED');
    const leaving = new AbortController();
    response.once('close', () => leaving.abort());
    // Read already, to verify the signature: yoga takes it as a framework's parsed body.
    const read = Object.assign(request, { body: asked });
    const caller = { actor, correlationId, client, mayLag, signal: leaving.signal };
    await traced('request', spanOf(request), async () =>
      yoga(read, response, { caller, isChecked: sender === GATEWAY }),
    );
  } catch (error) {
    if (error instanceof BodyTooLarge) return refuse(response, 413, 'TOO_LARGE', { connection: 'close' });
    if (!(error instanceof RequestRefused)) throw error;
    const { reason } = error;
    log.warn({ reason, sender: headers['x-agora-sender'], path: request.url }, 'a request was refused');
    count('agora_signatures_refused_total', { what: 'request' });
    refuse(response, 401, reason);
  }
}

/** The span of a request, which continues the caller's trace, trusted because the caller has signed. */
const spanOf =
  ({ headers }: IncomingMessage) =>
  () => ({
    kind: 'server' as const,
    parent: typeof headers.traceparent === 'string' ? headers.traceparent : undefined,
    attributes: { 'agora.sender': String(headers['x-agora-sender']) },
  });

function requestIn(body: Buffer): SubgraphRequest | undefined {
  try {
    const request = JSON.parse(body.toString()) as SubgraphRequest | null;
    return typeof request?.query === 'string' ? request : undefined;
  } catch {
    return undefined;
  }
}

const SAID: Record<number, string> = {
  400: 'The body is not JSON with a query.',
  401: 'Only signed requests of our own processes are answered: the same REQUEST_KEYS, and clocks that agree.',
  404: 'There is nothing here.',
  405: 'Only POST is answered.',
  413: 'The request is too large.',
};

const refuse = (response: ServerResponse, status: number, reason: string, headers: Record<string, string> = {}): void =>
  respondJson(
    response,
    status,
    { errors: [{ message: SAID[status] ?? 'This cannot be answered now.', extensions: { code: reason } }] },
    { [REFUSED_HEADER]: reason, ...headers },
  );

/** Whether an answer is a stream, by the request: Node does not tell the headers of an answer that has begun. */
const isStream = ({ req }: ServerResponse): boolean => /\btext\/event-stream\b/.test(req.headers.accept ?? '');
