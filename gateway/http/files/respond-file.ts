/**
 * Files at the front door: `PUT` and `GET /files/<agent>/<link>`. The gateway asks the agent what a link allows, by a
 * field that clients do not see, and moves the bytes between the client and the store of files, which all processes
 * share. The link is all that a client needs; without our keys nobody can make one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import { type AgoraError, Fault } from '../../../platform/errors.ts';
import type { FileStore } from '../../../platform/files/file-store.ts';
import { clientOf } from '../../../platform/http/client-of.ts';
import { timedByHandler } from '../../../platform/http/create-listener.ts';
import { respondUnread } from '../../../platform/http/respond-unread.ts';
import { ANONYMOUS } from '../../../platform/identity/actor.ts';
import type { Logger } from '../../../platform/log.ts';
import type { Graph } from '../../graph/graph.ts';
import { PLACE_RETRY, tooManyRequests } from '../../limits/place-error.ts';
import type { Places } from '../../limits/places.ts';
import { rateHeaders } from '../../limits/rate-headers.ts';
import type { RateLimits } from '../../limits/rates.ts';
import { countRejected } from '../../operations/count-rejected.ts';
import { CORRELATION_HEADER, correlationId } from '../correlation-id.ts';
import { CONTENT_STATUS, ended, REFUSALS, refuseFile, RETRY } from './answers.ts';
import { fileDesk } from './desk.ts';
import { giveFile } from './download.ts';
import { type FileUploads, takeFile } from './upload.ts';

/** Parts that the door of files works with. */
export interface FileDoor {
  /** Tells which agents have files, and where they are. */
  graph: Pick<Graph, 'supergraphSdl' | 'endpoints'>;
  /** Where the bytes are. Without one there are no files at this gateway. */
  files?: FileStore;
  log: Pick<Logger, 'error' | 'warn'>;
  /** Places of requests under way, of which each transfer takes one. */
  places: Places;
  /** Rate limits of callers, by their address. */
  rates: RateLimits | undefined;
  /** The uploads under way. */
  uploads: FileUploads;
  /** Number of proxies before the gateway, whose `x-forwarded-for` is trusted. */
  trustedProxies: number;
}

/** Methods that a page of another origin may use here. */
export const FILE_METHODS = 'GET, PUT';

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
  if (method !== 'PUT' && method !== 'GET' && method !== 'HEAD')
    return refuseFile(response, [405, 'METHOD_NOT_ALLOWED', 'Files are sent by PUT, and fetched by GET.'], {
      allow: 'GET, HEAD, PUT',
    });
  try {
    const tell = rateHeaders(response);
    await door.rates?.request({ actor: () => ANONYMOUS, correlationId: correlation, client, tell });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { headers } = error.extensions.http as { headers: Record<string, string> };
    return refuseRate(response, error, headers);
  }
  const desk = fileDesk(door.graph, pathname, correlation);
  if (!desk || !door.files) return refuseFile(response, REFUSALS.UNKNOWN_LINK);
  // An upload has a time of its own, by its length.
  if (method === 'PUT') timedByHandler.add(request.socket);
  try {
    const { outcome, transfer } = await desk.ask();
    if (outcome !== 'GO') return refuseFile(response, REFUSALS[outcome as keyof typeof REFUSALS]);
    if ((transfer!.action === 'PUT') !== (method === 'PUT'))
      return refuseFile(response, [405, 'METHOD_NOT_ALLOWED', `This link is for ${transfer!.action}.`], {
        allow: transfer!.action === 'GET' ? 'GET, HEAD' : 'PUT',
      });
    const { files, uploads, log } = door;
    if (method !== 'PUT') return await giveFile(request, response, files, transfer!);
    return await takeFile(request, response, { files, uploads, log }, { desk, transfer: transfer! });
  } catch (error) {
    return failed(request, response, door, error);
  } finally {
    timedByHandler.delete(request.socket);
  }
}

/** Answers what went wrong in the middle. */
function failed(request: IncomingMessage, response: ServerResponse, { log }: FileDoor, error: unknown): void {
  const { code, name, message } = error as AgoraError;
  const { method } = request;
  // The client has gone: nobody is there to be answered. A fault of the store has destroyed the answer itself.
  if (!(error instanceof Fault) && (response.destroyed || request.errored)) {
    ended(method, 'CLIENT_GONE');
    return void response.destroy();
  }
  if (name === 'Refusal') return refuseFile(response, [CONTENT_STATUS[code] ?? 400, code, message]);
  log.error({ err: error }, 'a file was not transferred');
  if (response.headersSent) {
    ended(method, 'FAILED');
    return void response.destroy();
  }
  if (code === 'FILE_MISSING') return refuseFile(response, REFUSALS.FILE_GONE);
  if (code === 'FILE_STORE_FULL')
    return refuseFile(
      response,
      [507, code, 'There is no space for the file now. Nothing of it was kept: try again later.'],
      RETRY,
    );
  refuseFile(response, [503, 'UNAVAILABLE', 'The file cannot be transferred now. Nothing was done: try again.'], RETRY);
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
