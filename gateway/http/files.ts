/**
 * Files at the front door: `PUT` and `GET /files/<agent>/<link>`. The gateway asks the agent what a link allows, by a
 * field that clients do not see, and moves the bytes between the client and the store of files, which all processes
 * share. The link is all that a client needs; without our keys nobody can make one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { GraphQLError } from 'graphql';
import { type AgoraError, Fault } from '../../platform/errors.ts';
import { putChecked } from '../../platform/files/content-check.ts';
import type { FileStore } from '../../platform/files/file-store.ts';
import { type MediaType, MEDIA_TYPES, ruleOf } from '../../platform/files/media-types.ts';
import type { Transfer, TransferAnswer, TransferOutcome } from '../../platform/files/transfer.ts';
import { clientOf } from '../../platform/http/client-of.ts';
import { respondJson } from '../../platform/http/respond-json.ts';
import { respondUnread } from '../../platform/http/respond-unread.ts';
import { ANONYMOUS, serviceActor } from '../../platform/identity/actor.ts';
import type { Logger } from '../../platform/log.ts';
import { isSealed } from '../../platform/secrets/secrets.ts';
import { count } from '../../platform/telemetry/metrics.ts';
import type { Graph } from '../graph/graph.ts';
import { PLACE_RETRY, tooManyRequests } from '../limits/place-error.ts';
import type { Places } from '../limits/places.ts';
import { rateHeaders } from '../limits/rate-headers.ts';
import type { RateLimits } from '../limits/rates.ts';
import { PAGE_POLICY } from '../limits/security-headers.ts';
import { countRejected } from '../operations/count-rejected.ts';
import { RETRY_AFTER_SECONDS } from '../operations/mask-error.ts';
import { CORRELATION_HEADER, correlationId } from './correlation-id.ts';

/** Parts that the door of files works with. */
export interface FileDoor {
  /** Tells which agents have files, and where they are. */
  graph: Pick<Graph, 'supergraphSdl' | 'endpoints'>;
  /** Where the bytes are. Without one there are no files at this gateway. */
  files: FileStore | undefined;
  log: Pick<Logger, 'error' | 'warn'>;
  /** Places of requests under way, of which each transfer takes one. */
  places: Places;
  /** Rate limits of callers, by their address. */
  rates: RateLimits | undefined;
  /** Number of proxies before the gateway, whose `x-forwarded-for` is trusted. */
  trustedProxies: number;
}

/** How long an agent may take to answer about a link, in milliseconds. */
const ASK_MS = 10_000;
/** How long a client may read nothing of what it fetches, in milliseconds. */
const STILL_MS = 60_000;
const PATH = /^\/files\/([a-z][a-z0-9]{1,30})\/([\w.-]{1,1000})$/;
/** Methods that a page of another origin may use here. */
export const FILE_METHODS = 'GET, PUT';

type Refused = readonly [status: number, code: string, message: string];

/** Status, code and message of each refusal. */
const REFUSALS: Record<Exclude<TransferOutcome, 'GO' | 'STORED'>, Refused> = {
  UNKNOWN_LINK: [404, 'NOT_FOUND', 'This is no link to a file: use it exactly as you were given it.'],
  LINK_EXPIRED: [410, 'LINK_EXPIRED', 'This link has expired: ask for a new one.'],
  FILE_GONE: [410, 'FILE_GONE', 'This file is not there any more, or has not come yet.'],
  ALREADY_UPLOADED: [
    409,
    'ALREADY_UPLOADED',
    'The content of this file has come before: ask for its state. For another content, announce another file.',
  ],
  NOT_SCANNED: [409, 'NOT_SCANNED', 'This file is being scanned for viruses: try again in a moment.'],
  INFECTED: [410, 'FILE_INFECTED', 'The virus scanner found something in this file, and it was deleted.'],
};

/** Status of a content that is refused. */
const CONTENT_STATUS: Record<string, number> = { FILE_TOO_LARGE: 413, FILE_INCOMPLETE: 400, FILE_KIND_MISMATCH: 415 };

/** Answers a request about a file. */
export async function respondFile(
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
  door: FileDoor,
): Promise<void> {
  const correlation = correlationId(request.headers[CORRELATION_HEADER]);
  response.setHeader(CORRELATION_HEADER, correlation);
  const client = clientOf(request, door.trustedProxies);
  if (!door.places.take(client, response))
    return refuseRate(response, tooManyRequests(door.places.requests.most), PLACE_RETRY);
  const { method = '' } = request;
  if (method !== 'PUT' && method !== 'GET')
    return refuse(response, [405, 'METHOD_NOT_ALLOWED', 'Files are sent by PUT, and fetched by GET.'], {
      allow: FILE_METHODS,
    });
  try {
    const tell = rateHeaders(response);
    await door.rates?.request({ actor: () => ANONYMOUS, correlationId: correlation, client, tell });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { headers } = error.extensions.http as { headers: Record<string, string> };
    return refuseRate(response, error, headers);
  }
  const desk = deskOf(door, pathname, correlation);
  if (!desk || !door.files) return refuse(response, REFUSALS.UNKNOWN_LINK);
  try {
    const { outcome, transfer } = await desk.ask();
    if (outcome !== 'GO') return refuse(response, REFUSALS[outcome as keyof typeof REFUSALS]);
    if (transfer!.action !== method)
      return refuse(response, [405, 'METHOD_NOT_ALLOWED', `This link is for ${transfer!.action}.`], {
        allow: transfer!.action,
      });
    if (method === 'GET') return await give(response, door.files, transfer!);
    return await take(request, response, { ...door, files: door.files }, { desk, transfer: transfer! });
  } catch (error) {
    return failed(request, response, door, error);
  }
}

/** The agent that a link belongs to, as the gateway asks it. */
interface Desk {
  ask(received?: { key: string; sha256: string }): Promise<TransferAnswer>;
}

/** Undefined for a path that is no link of an agent with files. */
function deskOf({ graph }: FileDoor, pathname: string, correlation: string): Desk | undefined {
  const [, agent = '', link = ''] = PATH.exec(pathname) ?? [];
  const field = `transfer${agent.charAt(0).toUpperCase()}${agent.slice(1)}File`;
  const subgraph = graph.endpoints.find(({ name }) => name === agent && graph.supergraphSdl.includes(`${field}(`));
  if (!subgraph || !isSealed(link)) return undefined;
  const query = `mutation ($input: TransferFileInput!) {
    ${field}(input: $input) { outcome transfer { action key bytes name mediaType } } }`;
  return {
    async ask(received) {
      const signal = AbortSignal.timeout(ASK_MS);
      const context = { actor: serviceActor('gateway'), correlationId: correlation, signal };
      const result = await subgraph.execute({ query, variables: { input: { link, received } } }, context);
      const answer = (result.data as Record<string, TransferAnswer | null> | null | undefined)?.[field];
      if (answer?.outcome) return answer;
      throw new Fault('UNAVAILABLE', `${agent} did not answer about a file.`, {
        cause: result.errors?.[0],
        recovery: 'RETRY',
      });
    },
  };
}

/** Takes a content. Only what has come whole, and is what was announced, is told to the agent. */
async function take(
  request: IncomingMessage,
  response: ServerResponse,
  { files, log }: FileDoor & { files: FileStore },
  { desk, transfer }: { desk: Desk; transfer: Transfer },
): Promise<void> {
  const { key, bytes, mediaType } = transfer;
  const told = request.headers['content-length'];
  if (told !== undefined && Number(told) !== bytes) {
    const code = Number(told) > bytes ? 'FILE_TOO_LARGE' : 'FILE_INCOMPLETE';
    const message = `The file was announced with ${bytes} bytes: send exactly so many, or announce it anew.`;
    return refuse(response, [CONTENT_STATUS[code]!, code, message]);
  }
  if (!isKnown(mediaType)) return refuse(response, REFUSALS.FILE_GONE);
  const content = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const sha256 = await putChecked(files, key, content, { mediaType, bytes });
  const { outcome } = await desk.ask({ key, sha256 });
  if (outcome === 'STORED') {
    ended('PUT', 'OK');
    count('agora_file_bytes_total', { action: 'PUT' }, bytes);
    return respondJson(response, 201, { sha256 });
  }
  // No record will ever name it. Where this fails, the sweep finds it.
  await files.delete(key).catch((err: unknown) => log.warn({ err }, 'a content that nobody wants was not deleted'));
  refuse(response, REFUSALS[outcome as keyof typeof REFUSALS]);
}

async function give(response: ServerResponse, files: FileStore, transfer: Transfer): Promise<void> {
  const { key, bytes } = transfer;
  const content = await files.get(key);
  response.writeHead(200, { ...headersOf(transfer), 'content-length': bytes });
  response.setTimeout(STILL_MS, () => response.destroy());
  await pipeline(content, response);
  ended('GET', 'OK');
  count('agora_file_bytes_total', { action: 'GET' }, bytes);
}

/** Headers by which a browser saves a content, and does not show or run it, whatever it holds. */
function headersOf({ name, mediaType }: Transfer): Record<string, string> {
  const charset = isKnown(mediaType) && ruleOf(mediaType).isText ? '; charset=utf-8' : '';
  // RFC 6266 and RFC 8187: the name in full, and for old clients in ASCII.
  const plain = name.replace(/[^\w. -]/g, '_');
  const whole = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16)}`,
  );
  return {
    'content-type': `${mediaType}${charset}`,
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${whole}`,
    'content-security-policy': `default-src 'none'; sandbox; ${PAGE_POLICY}`,
    'cache-control': 'private, no-store',
  };
}

const isKnown = (mediaType: string): mediaType is MediaType => Object.hasOwn(MEDIA_TYPES, mediaType);

/** Answers what went wrong in the middle. */
function failed(request: IncomingMessage, response: ServerResponse, { log }: FileDoor, error: unknown): void {
  const { code, name, message } = error as AgoraError;
  const action = request.method === 'PUT' ? 'PUT' : 'GET';
  // The client has gone, or its time was up: nobody is there to be answered.
  if (response.destroyed || request.errored) {
    ended(action, 'CLIENT_GONE');
    return void response.destroy();
  }
  if (name === 'Refusal') return refuse(response, [CONTENT_STATUS[code] ?? 400, code, message]);
  log.error({ err: error }, 'a file was not transferred');
  if (response.headersSent) {
    ended(action, 'FAILED');
    return void response.destroy();
  }
  if (code === 'FILE_MISSING') return refuse(response, REFUSALS.FILE_GONE);
  if (code === 'FILE_STORE_FULL')
    return refuse(
      response,
      [507, code, 'There is no space for the file now. Nothing of it was kept: try again later.'],
      RETRY,
    );
  refuse(response, [503, 'UNAVAILABLE', 'The file cannot be transferred now. Nothing was done: try again.'], RETRY);
}

const RETRY = { 'retry-after': String(RETRY_AFTER_SECONDS) };

const ended = (action: string, outcome: string): void => count('agora_file_transfers_total', { action, outcome });

function refuse(
  response: ServerResponse,
  [status, code, message]: Refused,
  headers: Record<string, string> = {},
): void {
  ended(response.req.method === 'PUT' ? 'PUT' : 'GET', code);
  respondUnread(response, status, { error: { code, message } }, headers);
}

/** Refuses a caller who asks too much, in the words of a GraphQL request. */
function refuseRate(
  response: ServerResponse,
  { message, extensions }: GraphQLError,
  headers: Record<string, string>,
): void {
  countRejected('RATE_LIMITED');
  const { http: _, ...told } = extensions;
  respondUnread(response, 429, { error: { ...told, message } }, headers);
}
