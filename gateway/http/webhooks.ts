/**
 * Webhooks at the front door: `POST /webhooks/<agent>/<endpoint>`. The gateway knows no secrets: it takes the headers
 * and the bytes as they came, and asks the agent, by a field that clients do not see. So it is the same whether the
 * agent lives in this process or in another. The answers suit senders that try again on anything but a 2xx.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientOf } from '../../platform/http/client-of.ts';
import { respondJson } from '../../platform/http/respond-json.ts';
import { respondUnread } from '../../platform/http/respond-unread.ts';
import { serviceActor } from '../../platform/identity/actor.ts';
import type { Logger } from '../../platform/log.ts';
import type { WebhookOutcome } from '../../platform/webhooks/receive.ts';
import { CORRELATION_HEADER, correlationId } from './correlation-id.ts';
import { endpointWith } from '../graph/endpoint-with.ts';
import type { Graph } from '../graph/graph.ts';
import { PLACE_RETRY, tooManyRequests } from '../limits/place-error.ts';
import type { Places } from '../limits/places.ts';
import { countRejected } from '../operations/count-rejected.ts';
import { RETRY_AFTER_SECONDS } from '../operations/mask-error.ts';

/** Parts that the webhook door works with. */
export interface WebhookDoor {
  /** Tells which agents have webhooks, and where they are. */
  graph: Pick<Graph, 'supergraphSdl' | 'endpoints'>;
  log: Pick<Logger, 'error'>;
  /** Places of requests under way, of which each delivery takes one. */
  places: Places;
  /** Number of proxies before the gateway, whose `x-forwarded-for` is trusted. */
  trustedProxies: number;
}

/** The largest body, in bytes. Standard Webhooks recommends less than 20 kB. */
export const MAX_WEBHOOK_BYTES = 262_144;
/** How long an agent may take to store a delivery, in milliseconds: senders wait for 15 to 30 seconds. */
const TIMEOUT_MS = 10_000;

const PATH = /^\/webhooks\/([a-z][a-z0-9]{1,30})\/([a-z][a-z0-9-]{0,62})$/;

/** Status, code and message of each outcome. */
const ANSWERS: Record<WebhookOutcome, [status: number, code: string, message: string]> = {
  STORED: [202, '', ''],
  REPEATED: [200, '', ''],
  UNKNOWN_ENDPOINT: [404, 'NOT_FOUND', 'There is no such webhook endpoint, or it has no secret yet.'],
  MALFORMED: [
    400,
    'WEBHOOK_MALFORMED',
    'Send `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`, and a body in UTF-8.',
  ],
  TIMESTAMP_OUT_OF_TOLERANCE: [
    401,
    'WEBHOOK_TIMESTAMP',
    '`webhook-timestamp` is more than five minutes away from now: sign each attempt anew.',
  ],
  SIGNATURE_INVALID: [
    401,
    'WEBHOOK_SIGNATURE',
    'No `v1` signature in `webhook-signature` fits `id.timestamp.body` under a secret of this endpoint.',
  ],
};

/** Answers a delivery. */
export async function respondWebhook(
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
  door: WebhookDoor,
): Promise<void> {
  const correlation = correlationId(request.headers[CORRELATION_HEADER]);
  response.setHeader(CORRELATION_HEADER, correlation);
  if (!door.places.take(clientOf(request, door.trustedProxies), response)) return refuseBusy(response, door.places);
  const [, agent = '', endpoint = ''] = PATH.exec(pathname) ?? [];
  const field = `receive${agent.charAt(0).toUpperCase()}${agent.slice(1)}Webhook`;
  const subgraph = endpointWith(door.graph, agent, field);
  if (!subgraph) return answer(response, 'UNKNOWN_ENDPOINT');
  if (request.method !== 'POST')
    return refuse(response, 405, 'METHOD_NOT_ALLOWED', 'Webhooks are sent by POST.', { allow: 'POST' });
  const body = await read(request);
  if (!body) {
    const message = `The body has more than ${MAX_WEBHOOK_BYTES} bytes.`;
    return respondUnread(response, 413, { error: { code: 'WEBHOOK_TOO_LARGE', message } });
  }
  const header = (name: string): string | undefined => request.headers[name] as string | undefined;
  const input = {
    endpoint,
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    body: body.toString('base64'),
  };
  const query = `mutation ($input: ReceiveWebhookInput!) { ${field}(input: $input) { outcome } }`;
  const context = {
    actor: serviceActor('gateway'),
    correlationId: correlation,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const result = await subgraph.execute({ query, variables: { input } }, context).catch((error: Error) => error);
  const outcome = outcomeOf(result, field);
  if (outcome) return answer(response, outcome);
  door.log.error({ err: 'errors' in result ? result.errors : result, agent, endpoint }, 'a webhook was not stored');
  refuse(response, 503, 'UNAVAILABLE', 'The delivery could not be stored now: try again.', {
    'retry-after': String(RETRY_AFTER_SECONDS),
  });
}

function outcomeOf(result: object, field: string): WebhookOutcome | undefined {
  const data = (result as { data?: Record<string, { outcome?: WebhookOutcome } | null> | null }).data;
  const outcome = data?.[field]?.outcome;
  return outcome && Object.hasOwn(ANSWERS, outcome) ? outcome : undefined;
}

/** The bytes of a body; undefined if there are too many. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_WEBHOOK_BYTES) return undefined;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_WEBHOOK_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Refuses a delivery whose address has too many requests under way, in the words of a GraphQL request. */
function refuseBusy(response: ServerResponse, { requests }: Places): void {
  countRejected('RATE_LIMITED');
  const { message, extensions } = tooManyRequests(requests.most);
  respondUnread(response, 429, { error: { ...extensions, message } }, PLACE_RETRY);
}

function answer(response: ServerResponse, outcome: WebhookOutcome): void {
  const [status, code, message] = ANSWERS[outcome];
  if (code) return refuse(response, status, code, message);
  respondJson(response, status, { outcome });
}

const refuse = (
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void => respondJson(response, status, { error: { code, message } }, headers);
